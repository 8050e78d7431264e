"""Reopening a closed case by hand, within its window."""

from datetime import datetime

from sqlalchemy import Engine

from orchestration.cases.errors import CaseError
from orchestration.cases.holding import begun, require_skills, require_state
from orchestration.cases.making import reopened, triaged
from orchestration.cases.members import members
from orchestration.cases.scoring import scored
from orchestration.cases.terms import Terms
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.oncall.people import Person


def reopen(
    engine: Engine, who: Person, case_id: str, *, reason: str, terms: Terms, now: datetime
) -> Case:
    """Have a closed case decided again: it waits in its queue, with a clock that begins now.

    CaseError if it is not closed, was merged, its window is over, or a skill is missing.
    """
    with begun(engine, who, "review", case_id, now) as deed:
        case = deed.case
        require_state(case, CaseState.CLOSED)
        require_skills(who, terms.desks, case)
        if case.merged_into is not None:
            raise CaseError(
                f"The case {case_id} was merged into {case.merged_into}; look at that one."
            )
        if case.reopen_until is None or now > case.reopen_until:
            raise CaseError(
                f"The case {case_id} could be reopened until {case.reopen_until}; it is {now} "
                "now. What comes now becomes a new case that refers to it."
            )
        have = members(deed.connection, [case_id])
        again = {case_id: reopened(case, terms, have[case_id].alerts, now)}
        after = scored(deed.connection, terms, again, have, now)
        deed.become(after[case_id], reason)
        return triaged(deed.connection, after, deed.act(reason))[case_id]
