"""Acting as an asset: one round of planning and carrying out, with what it would do and did."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

import dagster as dg

from assets.fitness import fitness
from assets.results import ERROR, WARN, Event
from orchestration.cases.terms import Terms
from orchestration.enforcement.backlog import Backlog
from orchestration.enforcement.calls import ask_all
from orchestration.enforcement.execute import Ran
from orchestration.enforcement.standing import Standing, drawn, previews, standing
from orchestration.executors.errors import ExecutorError
from orchestration.jobs import ENFORCEMENT
from orchestration.ledger.database import reading
from orchestration.resources import Clock
from orchestration.working import Planned, Working

DEADLINE = timedelta(minutes=2)
LATE = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
ASKED = 20  # rows that the service is asked about
SHOWN = 12  # digits of a batch's id
DONE = {"applied", "already"}
CHECKS = {
    "caps": "No batch is stopped by a cap: none of such a one is applied until two people resume "
    "it.",
    "unknown": "Of no order it is unknown for a quarter of an hour whether it was carried out.",
    "agreement": "The service, asked again about some of what was applied, says so too.",
    "pending_approvals": "Nothing runs out within four hours for want of an approval.",
}


@dg.asset(
    key=ENFORCEMENT,
    group_name="operations",
    kinds={"sqlalchemy"},
    description="What is done to whom: decisions become enforcements past every gate and cap, and "
    "those that are approved are carried out. In dry-run nothing is.",
    check_specs=[
        dg.AssetCheckSpec(name, asset=ENFORCEMENT, description=text)
        for name, text in CHECKS.items()
    ],
)
def enforcement_asset(
    context: dg.AssetExecutionContext, working: dg.ResourceParam[Working], clock: Clock
) -> Iterator[Event]:
    """Plan, ask about what is unknown, send what is due, and count."""
    now = clock.now()
    terms = working.terms(now)
    fit = fitness(context.instance, working.alerting.registry)
    planned = working.plan(terms, now, fit=fit)
    asked, done = working.execute(terms, clock.now, deadline=DEADLINE)
    with reading(working.engine) as connection:
        found = standing(connection, clock.now())
        would = previews(connection, planned.batches)
    left = working.backlog(terms, clock.now())
    yield dg.MaterializeResult(
        metadata={
            **_numbers(planned, done),
            "found_out": asked.applied + asked.failed + asked.given_back,
            "held": left.held,
            **_tables(terms, found, would),
        }
    )
    yield from _checks(working, terms, found, left, clock.now())


def _numbers(planned: Planned, done: Ran) -> dict[str, int | str]:
    return {
        "batches_planned": len(planned.batches),
        "expired": planned.expired,
        "lapsed": planned.lapsed,
        "retracted": planned.retracted,
        "applied": done.applied,
        "failed": done.failed,
        "unknown": done.unknown,
        "put_off": done.put_off,
        "stopped": done.stopped or "no",
    }


def _tables(
    terms: Terms, found: Standing, would: Mapping[str, str]
) -> dict[str, dg.MetadataValue | str]:
    caps, used = terms.enforcement.caps, found.used
    most = [
        ("per_day", caps.per_day, used.total),
        ("per_monitor", caps.per_monitor, max(used.monitors.values(), default=0)),
        ("per_tenant", caps.per_tenant, max(used.tenants.values(), default=0)),
    ]
    states = [
        dg.TableRecord({"mode": mode, "state": state, "rows": n}) for mode, state, n in found.states
    ]
    codes = [dg.TableRecord({"code": code, "rows": n}) for code, n in found.codes]
    told = [
        dg.TableRecord({"batch": name[:SHOWN], "preview": text}) for name, text in would.items()
    ]
    return {
        "mode": terms.enforcement.mode.value,
        "rows": dg.MetadataValue.table(states) if states else "none",
        "blocked_or_failed": dg.MetadataValue.table(codes) if codes else "none",
        "previews": dg.MetadataValue.table(told) if told else "none",
        "caps_used_today": dg.MetadataValue.table(
            [dg.TableRecord({"cap": name, "limit": most, "used": n}) for name, most, n in most]
        ),
    }


def _checks(
    working: Working, terms: Terms, found: Standing, left: Backlog, now: datetime
) -> Iterator[dg.AssetCheckResult]:
    which = ", ".join(name[:SHOWN] for name in found.breached) or "none"
    yield _check(
        "caps",
        {"batches_stopped": len(found.breached), "which": which},
        passed=not found.breached,
        severity=ERROR,
    )
    age = left.unknown_for(now)
    yield _check(
        "unknown",
        {"unknown": left.unknown, "oldest_minutes": round(age / MINUTE, 1)},
        passed=age <= LATE,
        severity=ERROR,
    )
    yield _agreement(working, terms, now)
    yield _check(
        "pending_approvals",
        {"awaiting": found.awaiting, "run_out_within_4_h": found.ending},
        passed=not found.ending,
    )


def _agreement(working: Working, terms: Terms, now: datetime) -> dg.AssetCheckResult:
    """Ask the service about some applied rows; one that gives no answer says nothing."""
    with reading(working.engine) as connection:
        keys = drawn(connection, ASKED, seed=now.isoformat())
    with working.asking(terms) as executor:
        asks = {key: partial(executor.find, key) for key in keys} if executor else {}
        answers = ask_all(asks)
    said = [one for one in answers.values() if not isinstance(one, ExecutorError)]
    denied = sum(one is None or one.outcome not in DONE for one in said)
    return _check(
        "agreement",
        {
            "applied_and_drawn": len(keys),
            "answered": len(said),
            "denied": denied,
            "service": "none is set" if executor is None else "asked",
        },
        passed=not denied,
        severity=ERROR,
    )


def _check(
    name: str,
    metadata: Mapping[str, str | int | float],
    *,
    passed: bool,
    severity: dg.AssetCheckSeverity = WARN,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name, passed=passed, severity=severity, metadata=dict(metadata)
    )
