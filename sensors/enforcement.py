"""Starts the run that plans, carries out and undoes, when there is something to do."""

from datetime import timedelta

import dagster as dg

from orchestration.jobs import ENFORCEMENT_RUN
from orchestration.resources import Clock
from orchestration.working import Working
from sensors.starting import start

OFTEN = timedelta(minutes=1)
SELDOM = timedelta(minutes=5)  # where only the service knows whether it can be settled yet


@dg.sensor(
    name="enforcement",
    job_name=ENFORCEMENT_RUN,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def enforcement(
    context: dg.SensorEvaluationContext, working: dg.ResourceParam[Working], clock: Clock
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run where something is decided, due, unknown, or to be undone or ended.

    Stateless: the ledger says what is to be done. What kill switches and dry-run hold, and what
    waits for people or for its time, starts nothing; where no service is set, only planning does.
    """
    now = clock.now()
    terms = working.terms(now)
    found = working.backlog(terms, now)
    reachable = working.service is not None
    plans = found.decided + found.automatic + found.settled
    sends = found.due + found.undo if reachable else 0
    work = (
        f"{found.decided} decisions and {found.automatic} alerts to plan, {found.due} due, "
        f"{found.held} held, {found.undo} to undo, {found.settled} to end, "
        f"{found.unknown} unknown"
    )
    if plans or sends:
        return start(context.instance, ENFORCEMENT_RUN, work=work, now=now, every=OFTEN)
    if found.unknown and reachable:
        return start(context.instance, ENFORCEMENT_RUN, work=work, now=now, every=SELDOM)
    return dg.SkipReason(f"{work}.")
