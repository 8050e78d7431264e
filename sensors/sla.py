"""Starts the run that hands up what nobody began in time."""

from datetime import timedelta

import dagster as dg

from orchestration.cases.overdue import overdue
from orchestration.jobs import ESCALATION_RUN
from orchestration.ledger.database import reading
from orchestration.resources import Clock
from orchestration.working import Working
from sensors.starting import start

EVERY = timedelta(minutes=1)


@dg.sensor(
    name="sla",
    job_name=ESCALATION_RUN,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def sla(
    context: dg.SensorEvaluationContext, working: dg.ResourceParam[Working], clock: Clock
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run where a case had no first action when it was due; it takes up to 500."""
    now = clock.now()
    with reading(working.engine) as connection:
        late = overdue(connection, now)
    if not late:
        return dg.SkipReason("Every case was begun in time, or is escalated.")
    work = f"{late} cases to escalate"
    return start(context.instance, ESCALATION_RUN, work=work, now=now, every=EVERY)
