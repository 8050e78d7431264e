"""Drills and tests of routes as the ledger keeps them: one row each, and how it ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import trials
from orchestration.oncall.people import Person

Kind = Literal["route", "kill_switch", "appeal"]
SHOWN = 24  # hex digits of a digest in an id


@dataclass(frozen=True, slots=True)
class Tried:
    """One drill or test. `about` is a product or a channel, `seen` in words with counts.

    `passed` is null while it is under way. `nonce` is what brings a test of a route back.
    """

    trial_id: str
    kind: Kind
    about: str
    by: str
    at: datetime
    seen: str
    passed: bool | None = None
    nonce: str | None = None
    answered_at: datetime | None = None


def begin(connection: Connection, who: Person, trial: Tried) -> int:
    """Write a new one; the number of its audit row."""
    row = _row(trial)
    act = Act(Actor(who.id, "person"), trial.at, trial.seen)
    seq = append(
        connection,
        act=act,
        verb="try",
        object_id=f"trial:{trial.trial_id}",
        after=digest_record(row),
    )
    connection.execute(insert(trials), {**row, "audit_seq": seq})
    return seq


def end(
    connection: Connection, who: Person, trial: Tried, *, passed: bool, seen: str, now: datetime
) -> Tried:
    """Write how one that was under way ended."""
    ended = {"passed": passed, "seen": seen, "answered_at": now}
    before = _row(trial)
    append(
        connection,
        act=Act(Actor(who.id, "person"), now, seen),
        verb="end_trial",
        object_id=f"trial:{trial.trial_id}",
        before=digest_record(before),
        after=digest_record({**before, **ended}),
    )
    same = update(trials).where(trials.c.trial_id == trial.trial_id)
    connection.execute(same.values(**ended))
    return _tried({**before, **ended})


def under_way(connection: Connection, kind: Kind, *more: ColumnElement[bool]) -> Tried | None:
    """The newest of a kind that has no end yet, under more conditions; None if there is none."""
    row = trials.c
    mine = select(trials).where(row.kind == kind, row.passed.is_(None), *more)
    found = connection.execute(mine.order_by(row.audit_seq.desc()).limit(1)).mappings().first()
    return _tried(found) if found else None


def trial_id_of(kind: Kind, about: str, who: Person, now: datetime) -> str:
    """The id of what somebody tries now."""
    return f"trial_{digest_parts(kind, about, who.id, now.isoformat())[:SHOWN]}"


def _row(trial: Tried) -> dict[str, object]:
    return {name: getattr(trial, name) for name in Tried.__dataclass_fields__}


def _tried(row: RowMapping | dict[str, object]) -> Tried:
    return Tried(**{name: row[name] for name in Tried.__dataclass_fields__})  # type: ignore[arg-type]
