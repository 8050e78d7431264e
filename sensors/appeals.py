"""Starts the run that gives appeals back, goes on with those that waited, and tells users."""

from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy import Connection, exists, func, or_, select

from orchestration.jobs import APPEALS_RUN
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import SENT, AppealState, EnforcementState
from orchestration.ledger.tables import appeals as table
from orchestration.ledger.tables import enforcements, notices
from orchestration.resources import Clock
from orchestration.working import Working
from sensors.starting import start

EVERY = timedelta(minutes=1)


@dg.sensor(
    name="appeals",
    job_name=APPEALS_RUN,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def appeals(
    context: dg.SensorEvaluationContext, working: dg.ResourceParam[Working], clock: Clock
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run where a lease has run out, an appeal can go on, or a notice waits."""
    now = clock.now()
    with reading(working.engine) as connection:
        leases, waiting, notices = _work(connection, now)
    work = f"{leases} leases ran out, {waiting} appeals can go on, {notices} notices wait"
    if leases or waiting or (notices and working.service is not None):
        return start(context.instance, APPEALS_RUN, work=work, now=now, every=EVERY)
    return dg.SkipReason(f"{work}.")


def _work(connection: Connection, now: datetime) -> tuple[int, int, int]:
    """Leases that ran out, appeals whose enforcement is known by now, notices that may be sent."""
    a, e, n = table.c, enforcements.c, notices.c
    held = (a.state == AppealState.IN_REVIEW, a.leased_until <= now)
    still = e.state.in_([*SENT, EnforcementState.APPROVED])
    both = table.join(enforcements, e.enforcement_id == a.enforcement_id)
    known = (a.state == AppealState.RECEIVED, ~still)
    free = or_(n.leased_until.is_(None), n.leased_until <= now)
    first = notices.alias("first")
    before = exists().where(
        first.c.state == "queued",
        first.c.enforcement_id == n.enforcement_id,
        first.c.audit_seq < n.audit_seq,
    )
    queries = (
        select(func.count(a.appeal_id)).where(*held),
        select(func.count(a.appeal_id)).select_from(both).where(*known),
        select(func.count(n.notice_id)).where(n.state == "queued", free, ~before),
    )
    leases, waiting, waits = (connection.scalars(query).one() for query in queries)
    return leases, waiting, waits
