"""Cases as the command line shows them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from orchestration.cases.clocks import is_paused, next_due
from orchestration.cases.holding import may_work
from orchestration.cases.members import Members
from orchestration.cases.queue import Listed
from orchestration.cli.cases_desk import Casework, span_text
from orchestration.cli.cases_ids import full_id
from orchestration.cli.output import emit_record
from orchestration.ledger.cases import Case
from orchestration.ledger.tables import cases as table

MOMENT = pl.Datetime("us", "UTC")
LIST = {
    "case_id": pl.String(),
    "severity": pl.String(),
    "state": pl.String(),
    "queue": pl.String(),
    "harm": pl.String(),
    "product": pl.String(),
    "score": pl.Float64(),
    "alerts": pl.Int64(),
    "age": pl.String(),
    "left": pl.String(),
    "breached": pl.Boolean(),
    "held_by": pl.String(),
    "opened_at": MOMENT,
    "due_at": MOMENT,
}
HIDDEN = "restricted"


def case_id_of(connection: Connection, given: str) -> str:
    """The whole id of a case, of one abbreviated."""
    return full_id(
        connection,
        table.c.case_id,
        given,
        what="case",
        listed="watchfloor cases list",
        prefixes=("", "case_"),
    )


def rows_of(
    here: Casework, listed: Iterable[Listed], have: Mapping[str, Members]
) -> list[tuple[object, ...]]:
    """Rows of the list. Of a restricted case somebody without its skills learns that it is there.

    Those come last: their place would tell how grave they are.
    """
    every = list(listed)
    seen = [one for one in every if shows(here, one.case)]
    shut = sorted({one.case.case_id: one for one in every if not shows(here, one.case)}.items())
    rows = [_row(one, len(have[one.case.case_id].alerts), here.now) for one in seen]
    return rows + [_hidden(one) for _, one in shut]


def shows(here: Casework, case: Case) -> bool:
    """Whether the person may know more of a case than that it exists."""
    return not case.restricted or may_work(here.who, here.terms.desks, case)


def _row(one: Listed, alerts: int, now: datetime) -> tuple[object, ...]:
    case = one.case
    return (
        case.case_id,
        case.severity.name,
        case.state.value,
        case.queue,
        case.harm,
        case.product,
        case.score,
        alerts,
        span_text(one.age),
        span_text(one.left) + (" paused" if is_paused(case) else ""),
        one.breached,
        holder(case, now),
        case.opened_at,
        one.due,
    )


def _hidden(one: Listed) -> tuple[object, ...]:
    case = one.case
    known = {"case_id": case.case_id, "state": HIDDEN, "age": span_text(one.age)}
    known["opened_at"] = case.opened_at  # type: ignore[assignment]
    return tuple(known.get(name) for name in LIST)


def holder(case: Case, now: datetime) -> str | None:
    """Who has a case; None if nobody has, or their time is over."""
    return case.leased_by if case.leased_until and case.leased_until > now else None


def record_of(case: Case, now: datetime) -> dict[str, object]:
    """What a case is, who has it, and its clock."""
    due = next_due(case)
    held = holder(case, now)
    return {
        "case_id": case.case_id,
        "severity": case.severity.name,
        "state": case.state.value,
        "queue": case.queue,
        "rule": case.rule,
        "harm": case.harm,
        "product": case.product,
        "source": case.source,
        "score": case.score,
        "held_by": held,
        "held_until": case.leased_until if held else None,
        "opened_at": case.opened_at,
        "first_action_at": case.first_action_at,
        "first_action_due": case.first_action_due,
        "resolve_due": case.resolve_due,
        "left": None if case.closed_at else span_text(due - now),
        "paused": is_paused(case),
        "decided_at": case.decided_at,
        "closed_at": case.closed_at,
        "reopens": case.reopens,
        "related": case.related_id,
        "merged_into": case.merged_into,
        "incident": case.incident_id,
    }


def emit_case(case: Case, now: datetime, form: str) -> None:
    """Print what an act made of a case."""
    emit_record(record_of(case, now), form)
