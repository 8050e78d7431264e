"""Appeals as an asset: what users object to, whether somebody may hear it, and who is told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy import Connection, func, select

from assets.results import ERROR, WARN, Event
from orchestration.appeals.health import Standing, Telling, notices_state, sla_state
from orchestration.appeals.review import expire_leases
from orchestration.appeals.waiting import settle_waiting
from orchestration.jobs import APPEALS
from orchestration.ledger.database import reading
from orchestration.ledger.tables import appeals
from orchestration.resources import Clock
from orchestration.working import Working

DEADLINE = timedelta(minutes=2)
LATE = timedelta(hours=1)
HOUR = timedelta(hours=1)
SHOWN = 10  # ids in metadata
CHECKS = {
    "due": "No open appeal is past the time in which it was to be decided.",
    "reviewers": "For each open appeal there is somebody who had no part in what it is about.",
    "notices": "What users are to be told has left within an hour, and none failed.",
}


@dg.asset(
    key=APPEALS,
    group_name="operations",
    kinds={"sqlalchemy"},
    description="What users object to: another person reviews it, in time, and the user is told.",
    check_specs=[
        dg.AssetCheckSpec(name, asset=APPEALS, description=text) for name, text in CHECKS.items()
    ],
)
def appeals_asset(working: dg.ResourceParam[Working], clock: Clock) -> Iterator[Event]:
    """Give back what nobody works on, go on with what waited, tell users, and count."""
    now = clock.now()
    terms = working.terms(now)
    given_back = expire_leases(working.engine, now)
    settled = settle_waiting(working.engine, now)
    told = working.tell(terms, clock.now, deadline=DEADLINE)
    with reading(working.engine) as connection:
        open_ = sla_state(connection, terms, clock.now())
        telling = notices_state(connection)
        states = _states(connection)
    yield dg.MaterializeResult(
        metadata={
            "given_back": given_back,
            "settled": settled,
            "notices_sent": told.sent,
            "notices_given_up": told.failed,
            "notices_queued": telling.queued,
            "stopped": told.stopped or "no",
            "open": len(open_),
            "appeals": dg.MetadataValue.table(states) if states else "none",
        }
    )
    yield from _checks(open_, telling, clock.now())


def _states(connection: Connection) -> list[dg.TableRecord]:
    a = appeals.c
    rows = select(a.state, func.count()).group_by(a.state).order_by(a.state)
    return [
        dg.TableRecord({"state": row[0], "appeals": row[1]}) for row in connection.execute(rows)
    ]


def _checks(
    open_: Sequence[Standing], telling: Telling, now: datetime
) -> Iterator[dg.AssetCheckResult]:
    late = [one.appeal.appeal_id for one in open_ if one.breached]
    yield _check("due", {"overdue": len(late), "which": _ids(late)}, passed=not late)
    unheard = [one.appeal.appeal_id for one in open_ if not one.reviewers]
    counted: dict[str, str | int | float] = {
        "nobody_may_hear": len(unheard),
        "which": _ids(unheard),
    }
    yield _check("reviewers", counted, passed=not unheard)
    age = now - telling.oldest if telling.oldest else timedelta(0)
    waits: dict[str, str | int | float] = {
        "failed": telling.failed,
        "oldest_waits_hours": round(age / HOUR, 1),
        "most_attempts": telling.most_attempts,
    }
    yield _check("notices", waits, passed=not telling.failed and age <= LATE)


def _check(
    name: str, metadata: Mapping[str, str | int | float], *, passed: bool
) -> dg.AssetCheckResult:
    severity = WARN if name == "due" else ERROR
    return dg.AssetCheckResult(
        check_name=name, passed=passed, severity=severity, metadata=dict(metadata)
    )


def _ids(found: Sequence[str]) -> str:
    return ", ".join(found[:SHOWN]) or "none"
