"""Cases that nobody began in time: they are handed up, so that a lead sees them first."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, select

from orchestration.cases.making import nobodys
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.case_states import OPEN, CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import writing
from orchestration.ledger.machines import of_ids, write
from orchestration.ledger.tables import cases

SLA = Actor("sla", "system")
REASON = "nobody began it in time"
AT_ONCE = 500


def overdue(connection: Connection, now: datetime) -> int:
    """How many open cases had no first action when it was due, and are not escalated."""
    return connection.scalars(select(func.count(cases.c.case_id)).where(_late(now))).one()


def escalate_overdue(engine: Engine, *, now: datetime, limit: int = AT_ONCE) -> list[Case]:
    """Escalate cases without a first action, the longest due first; as they are now.

    They keep severity, queue and clock: late is not graver. Whoever had one and did not begin
    has it no longer. A second time nothing is left to do.
    """
    ids = select(cases.c.case_id).where(_late(now))
    ids = ids.order_by(cases.c.first_action_due, cases.c.case_id).limit(limit)
    with writing(engine) as connection:
        before = of_ids(connection, CASES, connection.scalars(ids).all())
        after = [
            replace(nobodys(case), state=CaseState.ESCALATED, changed_at=now)
            for case in before.values()
        ]
        write(connection, CASES, before=before, after=after, act=Act(SLA, now, REASON))
    return after


def _late(now: datetime) -> ColumnElement[bool]:
    waits = cases.c.state.in_(sorted(OPEN - {CaseState.ESCALATED}))
    none_yet = cases.c.first_action_at.is_(None)
    return and_(waits, none_yet, cases.c.first_action_due <= now)
