"""Appeals that came before anybody knew whether their enforcement was done."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine, select

from orchestration.appeals.codes import SAID, Code
from orchestration.appeals.receive import DESK, invalid
from orchestration.appeals.telling import tell_of
from orchestration.enforcement.reverse import to_be_undone
from orchestration.ledger.acts import Act
from orchestration.ledger.appeals import APPEALS, Appeal
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import SENT, AppealState, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.tables import appeals

S = EnforcementState
OPEN_STILL = SENT | {S.APPROVED}  # what was never sent may be sent again


def settle_waiting(engine: Engine, now: datetime) -> int:
    """Queue what waited and was done, and end what was not, whose users are told; how many."""
    received = appeals.c.state == AppealState.RECEIVED
    with reading(engine) as connection:
        if not connection.scalars(select(appeals.c.appeal_id).where(received).limit(1)).all():
            return 0
    with writing(engine) as connection:
        before = where(connection, APPEALS, received)
        rows = of_ids(connection, ENFORCEMENTS, (one.enforcement_id for one in before.values()))
        moved = [
            after
            for one in before.values()
            if (after := _settled(one, rows[one.enforcement_id])) is not one
        ]
        act = Act(DESK, now, "it is known now what became of the enforcement")
        write(connection, APPEALS, before=before, after=moved, act=act)
        for one in moved:
            if one.state is AppealState.INVALID:
                why = Act(DESK, now, SAID[Code(one.rationale or Code.NOT_APPLIED)])
                tell_of(connection, one, rows[one.enforcement_id], why)
    return len(moved)


def _settled(appeal: Appeal, row: Enforcement) -> Appeal:
    """The appeal as the enforcement lets it go on."""
    undone = row.reversal_id is not None and not to_be_undone(row)
    if undone or row.state in {S.REVERSING, S.REVERSED}:
        return invalid(appeal, Code.ALREADY_REVERSED)
    if row.state is S.APPLIED:
        return replace(appeal, state=AppealState.QUEUED)
    return appeal if row.state in OPEN_STILL else invalid(appeal, Code.NOT_APPLIED)
