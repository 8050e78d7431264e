"""Takes in what no tick took in, and sends what waits: between ticks, and after a crash."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.alerting import Alerting
from orchestration.outbox.drain import Drained
from orchestration.partitions import hour_of
from orchestration.resources import Clock

RUNNING = dg.DefaultSensorStatus.RUNNING
DEADLINE = timedelta(seconds=10)


@dg.sensor(name="intake", minimum_interval_seconds=30, default_status=RUNNING)
def intake(
    context: dg.SensorEvaluationContext, alerting: dg.ResourceParam[Alerting], clock: Clock
) -> dg.SensorResult:
    """Take in evaluations that the last step of their tick did not, and what time brings about.

    The cursor is a hint: files older than the last look are not read again, but for one look an
    hour that reads everything. What was taken in is a row of the ledger, so that a tick repeated
    after a crash takes nothing twice.
    """
    now = clock.now()
    last = _last(context.cursor)
    full = last is None or hour_of(last) != hour_of(now)
    taken = alerting.take_in(now, since=None if full else last)
    context.log.info(
        "%d evaluations with %d findings, %d notices, %d unready",
        taken.evaluations,
        taken.findings,
        taken.notices,
        taken.unready,
    )
    # What was unready is older than this look, and must be read again; without a cursor, all is.
    cursor = last if taken.unready else now
    return dg.SensorResult(cursor=cursor.isoformat() if cursor else None)


@dg.sensor(name="outbox", minimum_interval_seconds=10, default_status=RUNNING)
def outbox(
    context: dg.SensorEvaluationContext, alerting: dg.ResourceParam[Alerting], clock: Clock
) -> dg.SkipReason:
    """Send what waits, for at most ten seconds; no run is started."""
    del context
    done = alerting.drain(clock.now, deadline=DEADLINE)
    return dg.SkipReason(_said(done))


def _last(cursor: str | None) -> datetime | None:
    return datetime.fromisoformat(cursor).astimezone(UTC) if cursor else None


def _said(done: Drained) -> str:
    return (
        f"{done.sent} sent, {done.merged} merged, {done.collapsed} collapsed, "
        f"{done.retried} to be tried again, {done.refused} refused; {done.waiting} wait."
    )
