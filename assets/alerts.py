"""Alerts as an asset: the last step of a tick takes in what was evaluated and tells people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg

from assets.fitness import fitness
from assets.results import ERROR, WARN, Event
from orchestration.alerting import Alerting
from orchestration.health.plots import bars
from orchestration.intake.counts import SHIFT, Counts, counts
from orchestration.jobs import ALERTS, INTAKE
from orchestration.ledger.database import reading
from orchestration.resources import Clock

DEADLINE = timedelta(seconds=20)
LATE = timedelta(minutes=5)
LOOK_BACK = timedelta(hours=1)  # longer than a tick takes; by itself it reads everything
CHECKS = {
    "settings": "Routes, rota and people are as their files say. If not, the last sound ones hold.",
    "outbox": "What is to be told has left within five minutes of when it was due.",
    "intake": "Every evaluation that ended was taken in, with the findings its manifest names.",
}


def alert_assets(monitors: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The one asset, after the manifests of every product and cadence."""
    manifests = [
        spec.key
        for definition in monitors
        for spec in definition.specs
        if spec.key.path[-1].startswith("evaluations")
    ]

    @dg.asset(
        key=ALERTS,
        deps=manifests,
        group_name="watchfloor",
        kinds={"sqlalchemy", "slack"},
        description="Who is told of what: findings become alerts, and alerts messages.",
        check_specs=[
            dg.AssetCheckSpec(name, asset=ALERTS, description=text) for name, text in CHECKS.items()
        ],
    )
    def alerts(
        context: dg.AssetExecutionContext, alerting: dg.ResourceParam[Alerting], clock: Clock
    ) -> Iterator[Event]:
        now = clock.now()
        by_itself = context.run.job_name == INTAKE
        rules = alerting.rules(now)
        since = None if by_itself else now - LOOK_BACK
        fit = fitness(context.instance, alerting.registry)
        demoted = alerting.follow(now, fit=fit, in_force=rules)
        taken = alerting.take_in(now, since=since, in_force=rules)
        drained = alerting.drain(clock.now, deadline=DEADLINE, in_force=rules)
        with reading(alerting.engine) as connection:
            found = counts(connection, now=now)
        yield dg.MaterializeResult(
            metadata={
                "evaluations_taken_in": taken.evaluations,
                "findings_taken_in": taken.findings,
                "notices": taken.notices,
                "monitors_demoted": len(demoted),
                "messages_sent": drained.sent,
                **_numbers(found, now),
            }
        )
        yield from _checks(rules.wrong, found, taken.unready, now)

    return [alerts]


def _numbers(found: Counts, now: datetime) -> dict[str, dg.MetadataValue | int | str]:
    rows = [
        dg.TableRecord({"severity": severity.name, "state": state.value, "alerts": n})
        for (severity, state), n in found.told.items()
    ]
    first = now - len(found.pages) * SHIFT
    points = [(first + at * SHIFT, pages) for at, pages in enumerate(found.pages)]
    minutes = found.ack_minutes
    return {
        "alerts": dg.MetadataValue.table(rows) if rows else "none",
        "alerts_in_shadow": found.shadow,
        "pages_last_shift": found.pages[-1],
        "pages_per_shift": dg.MetadataValue.md(bars(points, title="Pages per shift")),
        "acks_last_week": found.acks,
        "minutes_to_ack": "nobody acked yet" if minutes is None else f"{minutes:.1f} (median)",
    }


def _checks(
    wrong: Mapping[str, str], found: Counts, unready: int, now: datetime
) -> Iterator[dg.AssetCheckResult]:
    yield dg.AssetCheckResult(
        check_name="settings",
        passed=not wrong,
        severity=ERROR,
        metadata=dict(wrong) or {"wrong": "nothing"},
    )
    waits = now - found.due_since if found.due_since else timedelta(0)
    yield dg.AssetCheckResult(
        check_name="outbox",
        passed=waits <= LATE,
        severity=ERROR,
        metadata={"oldest_is_late_by_seconds": waits.total_seconds()},
    )
    yield dg.AssetCheckResult(
        check_name="intake",
        passed=unready == 0,
        severity=WARN,
        metadata={"unready": unready},
    )
