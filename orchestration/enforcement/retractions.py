"""Retracted findings: what is pending for them is blocked, what was done is looked at again."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine, select

from orchestration.enforcement.caps import blocked
from orchestration.enforcement.gates import RETRACTED
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import PENDING, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import alerts, enforcements

RETRACTIONS = Actor("retractions", "system")


def retract(engine: Engine, *, now: datetime) -> tuple[int, int]:
    """Follow alerts of which no finding stands: how many rows were blocked, how many flagged.

    What was applied stays, for a person to reverse: what it rested on was wrong or was amended.
    """
    e, a = enforcements.c, alerts.c
    none_stands = select(a.alert_id).where(a.count <= a.retracted)
    unseen = e.reversal_id.is_(None) & e.flag.is_distinct_from(RETRACTED)
    open_ = e.state.in_(list(PENDING)) | ((e.state == EnforcementState.APPLIED) & unseen)
    with writing(engine) as connection:
        before = where(
            connection, ENFORCEMENTS, open_, e.mode == "live", e.alert_id.in_(none_stands)
        )
        after = [_after(row) for row in before.values()]
        act = Act(RETRACTIONS, now, "what was found was retracted")
        write(connection, ENFORCEMENTS, before=before, after=after, act=act, verb="flag")
    stopped = sum(row.state is EnforcementState.BLOCKED for row in after)
    flagged = sum(row.flag != before[row.enforcement_id].flag for row in after)
    return stopped, flagged


def _after(row: Enforcement) -> Enforcement:
    if row.state in PENDING:
        return blocked(row, RETRACTED)
    return replace(row, flag=RETRACTED)
