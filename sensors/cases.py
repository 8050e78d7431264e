"""Opens cases for what fires and is reported, and gives back what nobody works on."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.cases.ageing import age
from orchestration.cases.linking import links_of
from orchestration.cases.opening import open_cases
from orchestration.cases.queue import expire_leases
from orchestration.cases.tasks import recertify
from orchestration.cases.user_reports import take_reports
from orchestration.resources import Clock
from orchestration.review.tasks import expire
from orchestration.working import Working

FULL = timedelta(minutes=5)  # between two looks at reports, scores and policies


@dg.sensor(
    name="cases",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def cases(
    context: dg.SensorEvaluationContext, working: dg.ResourceParam[Working], clock: Clock
) -> dg.SensorResult:
    """Open cases and end leases; every five minutes read reports and score anew. No run is started.

    What was opened is a row of the ledger, so that a tick repeated after a crash opens nothing
    twice. The cursor, when the last full look was, is a hint: without it the look is full.
    """
    now = clock.now()
    terms = working.terms(now)
    watched = working.watched(now)
    links = links_of(working.engine, working.alerting.lake, working.names, watched=watched)
    opened = open_cases(working.engine, terms, watched=watched, now=now, links=links)
    said = (
        f"{opened.new} opened, {opened.joined} joined, {opened.reopened} reopened, "
        f"{expire_leases(working.engine, now) + expire(working.engine, now)} given back"
    )
    last = datetime.fromisoformat(context.cursor).astimezone(UTC) if context.cursor else None
    if last is not None and timedelta(0) <= now - last < FULL:
        return dg.SensorResult(skip_reason=dg.SkipReason(f"{said}."), cursor=context.cursor)
    taken = take_reports(working.engine, working.alerting.lake, working.names, terms, now=now)
    tasks = recertify(working.engine, terms, now=now)
    scored = age(working.engine, terms, now=now)
    more = f"{taken.new} reports, {taken.opened} cases of them, {tasks} tasks, {scored} scored anew"
    return dg.SensorResult(skip_reason=dg.SkipReason(f"{said}; {more}."), cursor=now.isoformat())
