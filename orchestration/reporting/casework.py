"""Cases and decisions as frames, from the ledger."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, or_, select

from orchestration.cases.holding import may_work
from orchestration.cases.members import batches
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.machines import where
from orchestration.ledger.tables import alerts, audit, cases, decisions, outcomes
from orchestration.oncall.people import Person
from orchestration.reporting.lives import Step, opens, rounds
from orchestration.triage.desks import Desks

MOMENT = pl.Datetime("us", "UTC")
APART = "(restricted)"  # in place of the queue, monitor and policy of what is shut to the reader
NONE = "(none)"  # no monitor found it, or no policy fits
PREFIX, SYSTEM = "case:", "system:"
OF_CASES: dict[str, Any] = {
    "case_id": pl.String,
    "queue": pl.String,
    "severity": pl.Int64,
    "began": MOMENT,
    "due": MOMENT,
    "acted": MOMENT,
    "merged": pl.Boolean,
}
OF_OPENS: dict[str, Any] = {
    "case_id": pl.String,
    "queue": pl.String,
    "came": MOMENT,
    "went": MOMENT,
}
OF_ROUNDS: dict[str, Any] = {
    "case_id": pl.String,
    "queue": pl.String,
    "came": MOMENT,
    "decided_at": MOMENT,
    "touch_minutes": pl.Float64,
    "wait_minutes": pl.Float64,
}
OF_UNITS: dict[str, Any] = {
    "decision_id": pl.String,
    "case_id": pl.String,
    "decided_at": MOMENT,
    "decider": pl.String,
    "policy": pl.String,
    "monitor": pl.String,
    "outcome": pl.String,
}
Steps = Mapping[str, Sequence[Step]]


def known(connection: Connection, since: datetime) -> dict[str, Case]:
    """Every case that was open at some time since then."""
    late = or_(cases.c.closed_at.is_(None), cases.c.closed_at >= since)
    return where(connection, CASES, late)


def hidden(connection: Connection, who: Person | None, desks: Desks) -> frozenset[str]:
    """Ids of the restricted cases of which somebody may only know that they exist."""
    return frozenset(
        case_id
        for case_id, case in where(connection, CASES, cases.c.restricted).items()
        if who is None or not may_work(who, desks, case)
    )


def steps_of(connection: Connection, ids: Sequence[str]) -> dict[str, list[Step]]:
    """What was done to each case, in order."""
    a = audit.c
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for some in batches(list(ids)):
        mine = select(a.object, a.verb, a.at, a.actor, a.before).where(
            a.object.in_([f"{PREFIX}{case_id}" for case_id in some])
        )
        for row in connection.execute(mine.order_by(a.seq)):
            step = Step(row.verb, row.at, row.actor.startswith(SYSTEM), row.before is None)
            found[row.object.removeprefix(PREFIX)].append(step)
    return found


def cases_frame(found: Mapping[str, Case], shut: frozenset[str]) -> pl.DataFrame:
    """A row for each case: its clock's begin, and the first action that was due and done."""
    rows = [
        (
            case_id,
            APART if case_id in shut else case.queue,
            int(case.severity),
            _began(case),
            case.first_action_due,
            case.first_action_at,
            case.merged_into is not None,
        )
        for case_id, case in found.items()
    ]
    return pl.DataFrame(rows, schema=OF_CASES, orient="row")


def opens_frame(found: Mapping[str, Case], steps: Steps, shut: frozenset[str]) -> pl.DataFrame:
    """A row for each time in which a case was open."""
    rows = [
        (case_id, APART if case_id in shut else case.queue, *one)
        for case_id, case in found.items()
        for one in opens(
            steps.get(case_id, ()), merged_at=case.closed_at if case.merged_into else None
        )
    ]
    return pl.DataFrame(rows, schema=OF_OPENS, orient="row")


def rounds_frame(found: Mapping[str, Case], steps: Steps, shut: frozenset[str]) -> pl.DataFrame:
    """A row for each decision of a case, with minutes in hand and minutes of waiting."""
    rows = [
        (
            case_id,
            APART if case_id in shut else case.queue,
            one.came,
            one.decided_at,
            one.touch.total_seconds() / 60,
            one.wait.total_seconds() / 60,
        )
        for case_id, case in found.items()
        for one in rounds(steps.get(case_id, ()))
    ]
    return pl.DataFrame(rows, schema=OF_ROUNDS, orient="row")


def units_frame(connection: Connection, ids: Sequence[str], shut: frozenset[str]) -> pl.DataFrame:
    """A row for each unit of each decision on these cases, with the monitor that found it."""
    rows = [
        (*row[:4], *((APART, APART) if row[1] in shut else row[4:6]), row[6])
        for some in batches(list(ids))
        for row in _units(connection, some)
    ]
    return pl.DataFrame(rows, schema=OF_UNITS, orient="row")


def _began(case: Case) -> datetime:
    """When its clock began, which is anew after it was reopened; else when it was opened."""
    started = case.sla.get("started")
    return datetime.fromisoformat(started) if started else case.opened_at


def _units(connection: Connection, some: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    d, o, a = decisions.c, outcomes.c, alerts.c
    told = (
        select(
            d.decision_id,
            d.case_id,
            d.decided_at,
            d.decider,
            d.policy_id,
            a.monitor,
            o.outcome,
        )
        .join(outcomes, o.decision_id == d.decision_id)
        .outerjoin(alerts, a.alert_id == o.alert_id)
        .where(d.case_id.in_(some))
        .order_by(d.audit_seq, o.unit)
    )
    for row in connection.execute(told):
        yield (*row[:4], row.policy_id or NONE, row.monitor or NONE, row.outcome)
