"""Casework as an asset: how the queues stand, and whether what was promised is kept."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy import Connection

from assets.results import ERROR, WARN, Event
from orchestration.cases.outlook import Outlook, outlooks
from orchestration.cases.overdue import escalate_overdue
from orchestration.cases.terms import Terms
from orchestration.jobs import CASES
from orchestration.ledger.case_states import HELD, OPEN
from orchestration.ledger.cases import CASES as RECORDS
from orchestration.ledger.cases import Case
from orchestration.ledger.database import reading
from orchestration.ledger.machines import where
from orchestration.ledger.tables import cases
from orchestration.resources import Clock
from orchestration.triage.errors import TriageError
from orchestration.triage.forecast import Forecast
from orchestration.triage.sla_json import of_json
from orchestration.working import Working

OLD = timedelta(days=7)
SLACK = timedelta(minutes=5)  # by then the sensor has given it back
SHOWN = 10  # ids in metadata
CHECKS = {
    "breaches": "No open case is past its next goal. Of S0 and S1 it is an error.",
    "oldest_age": "No open case is older than a week.",
    "routing": "Every open case is in one queue of queues.yaml, and has an SLA.",
    "leases": "Nobody has a case longer than they took it for.",
    "settings": "Queues, policies and enforcement are as their files say. If not, the last sound "
    "ones hold.",
}


@dg.asset(
    key=CASES,
    group_name="operations",
    kinds={"sqlalchemy"},
    description="Work for people: what is open in each queue, how old it is, what is overdue, and "
    "what the next shift brings. Cases that nobody began in time are escalated.",
    check_specs=[
        dg.AssetCheckSpec(name, asset=CASES, description=text) for name, text in CHECKS.items()
    ],
)
def cases_asset(working: dg.ResourceParam[Working], clock: Clock) -> Iterator[Event]:
    """Escalate what is overdue, and count."""
    now = clock.now()
    terms = working.terms(now)
    escalated = escalate_overdue(working.engine, now=now)
    with reading(working.engine) as connection:
        queues = outlooks(connection, terms, now)
        open_ = _open(connection)
    yield dg.MaterializeResult(
        metadata={
            "escalated_now": len(escalated),
            "open": sum(one.open for one in queues),
            "breached": sum(one.breached for one in queues),
            "oldest_hours": _hours(max((one.age for one in queues), default=timedelta(0))),
            "queues": dg.MetadataValue.table([_row(one) for one in queues]),
        }
    )
    yield from _checks(terms, queues, open_, now)


def _row(one: Outlook) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "queue": one.queue,
            "open": one.open,
            "nobody_has": one.free,
            "breached": one.breached,
            "oldest": one.oldest or "",
            "oldest_hours": _hours(one.age),
            "breaches_next_8_h": _said(one.forecast),
        }
    )


def _said(one: Forecast) -> str:
    if one.expected is None:
        return f"not known ({one.n_weeks} weeks)"
    return f"{one.expected:.1f} ({one.low:.1f} to {one.high:.1f})"


def _checks(
    terms: Terms, queues: Sequence[Outlook], open_: Sequence[Case], now: datetime
) -> Iterator[dg.AssetCheckResult]:
    grave, breached = sum(one.grave for one in queues), sum(one.breached for one in queues)
    yield _check(
        "breaches",
        {"breached": breached, "of_S0_and_S1": grave},
        passed=not breached,
        severity=ERROR if grave else WARN,
    )
    old = [case.case_id for case in open_ if now - case.opened_at > OLD]
    yield _check("oldest_age", {"older_than_a_week": len(old), "which": _ids(old)}, passed=not old)
    astray = [case.case_id for case in open_ if not _is_routed(case, terms)]
    counted: dict[str, str | int] = {"astray": len(astray), "which": _ids(astray)}
    yield _check("routing", counted, passed=not astray, severity=ERROR)
    late = [
        case.case_id
        for case in open_
        if case.state in HELD and (case.leased_until is None or case.leased_until + SLACK < now)
    ]
    yield _check("leases", {"run_out": len(late), "which": _ids(late)}, passed=not late)
    yield _check(
        "settings", terms.wrong or {"wrong": "nothing"}, passed=not terms.wrong, severity=ERROR
    )


def _check(
    name: str,
    metadata: Mapping[str, str | int],
    *,
    passed: bool,
    severity: dg.AssetCheckSeverity = WARN,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name, passed=passed, severity=severity, metadata=dict(metadata)
    )


def _open(connection: Connection) -> list[Case]:
    return list(where(connection, RECORDS, cases.c.state.in_(sorted(OPEN))).values())


def _is_routed(case: Case, terms: Terms) -> bool:
    try:
        of_json(case.sla)
    except TriageError:
        return False
    return case.queue in terms.desks.queues


def _hours(age: timedelta) -> float:
    return round(age / timedelta(hours=1), 1)


def _ids(found: Sequence[str]) -> str:
    return ", ".join(found[:SHOWN]) or "none"
