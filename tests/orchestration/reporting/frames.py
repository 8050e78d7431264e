"""Facts in a few words: empty frames, of which a test fills those that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Engine

from orchestration.ledger.database import reading
from orchestration.oncall.people import Person
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota import Rota
from orchestration.oncall.rota_yaml import parse_rota
from orchestration.reporting import actions, casework, signals
from orchestration.reporting.facts import Facts, gather
from orchestration.reporting.window import Window
from orchestration.triage.desks import Desks
from tests.orchestration.alerts.builders import SPAM, at
from tests.support.rotas import rota_of

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "cases": casework.OF_CASES,
    "opens": casework.OF_OPENS,
    "rounds": casework.OF_ROUNDS,
    "units": casework.OF_UNITS,
    "pages": signals.OF_PAGES,
    "calls": signals.OF_CALLS,
    "alerts": signals.OF_ALERTS,
    "findings": signals.OF_FINDINGS,
    "enforcements": actions.OF_ENFORCEMENTS,
    "appeals": actions.OF_APPEALS,
    "tasks": actions.OF_TASKS,
    "answers": actions.OF_ANSWERS,
}
WEEK = Window(at(0), at(7 * 24))  # from Monday 2026-03-02 on
OWNERS = {SPAM: "chat-team"}


def facts(window: Window = WEEK, /, **rows: Sequence[tuple[Any, ...]]) -> Facts:
    """Facts with these rows, and nothing else; the ledger is old."""
    frames = {
        name: pl.DataFrame(rows.get(name, []), schema=schema, orient="row")
        for name, schema in SCHEMAS.items()
    }
    return Facts(window=window, since=at(-24 * 365), **frames)


def gathered(
    engine: Engine, desks: Desks, window: Window = WEEK, who: Person | None = None
) -> Facts:
    """What the ledger says of a window."""
    with reading(engine) as connection:
        return gather(connection, window, desks=desks, owners=OWNERS, who=who)


def rota() -> Rota:
    """One team, paged first by the ladder for all; hand-over is at ten, in UTC."""
    roster = parse_people(
        "people:\n"
        "  - {id: heron-7, slack: U0HERON7, roles: [oncall], teams: [chat-team], zone: UTC}\n"
        "  - {id: otter-2, slack: U0OTTER2, roles: [oncall], teams: [chat-team], zone: UTC}\n"
    )
    text = rota_of("heron-7", "otter-2", team="chat-team")
    return parse_rota(text.replace("{person: heron-7}", "{oncall: chat-team}"), roster)


def one(rows: pl.DataFrame, **where: object) -> dict[str, Any]:
    """The only row with these values."""
    (found,) = rows.filter(pl.col(name).eq(value) for name, value in where.items()).to_dicts()
    return found
