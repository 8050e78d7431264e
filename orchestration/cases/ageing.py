"""Scores of cases that wait, as of now: they change with age, strikes and what is measured."""

from datetime import datetime

from sqlalchemy import Engine, select

from orchestration.cases.members import batches, members
from orchestration.cases.scoring import scored
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.case_states import WAITING
from orchestration.ledger.cases import CASES
from orchestration.ledger.database import reading, writing
from orchestration.ledger.machines import of_ids, write
from orchestration.ledger.tables import cases

AGEING = Actor("ageing", "system")


def age(engine: Engine, terms: Terms, *, now: datetime) -> int:
    """Score every case anew that waits for somebody; how many scores are others now.

    Scores leave no audit row: they say who is next, and decide nothing.
    """
    waiting = select(cases.c.case_id).where(cases.c.state.in_(sorted(WAITING)))
    with reading(engine) as connection:
        ids = connection.scalars(waiting.order_by(cases.c.case_id)).all()
    changed = 0
    for some in batches(ids):
        with writing(engine) as connection:
            found = of_ids(connection, CASES, some)
            before = {name: case for name, case in found.items() if case.state in WAITING}
            after = scored(connection, terms, before, members(connection, before), now)
            act = Act(AGEING, now, "time has passed")
            write(connection, CASES, before=before, after=after.values(), act=act)
        changed += sum(after[name].score != case.score for name, case in before.items())
    return changed
