"""Who may work on a case and who has it: what every act on one checks first."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from orchestration.cases.errors import CaseError
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.case_states import HELD, OPEN, CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import writing
from orchestration.ledger.machines import one, write
from orchestration.oncall.people import Person, may, require
from orchestration.oncall.roles import Verb
from orchestration.triage.desks import Desks


@dataclass(frozen=True, slots=True)
class Deed:
    """A person's act under way: the transaction, and the case as it found it."""

    connection: Connection
    who: Person
    now: datetime
    case: Case

    def act(self, reason: str) -> Act:
        """The act, as the ledger takes it."""
        return Act(Actor(self.who.id, "person"), self.now, reason)

    def become(self, after: Case, reason: str, verb: str = "") -> Case:
        """Write the case as it is after the act. `verb` names what leaves its state."""
        before = {self.case.case_id: self.case}
        write(self.connection, CASES, before=before, after=[after], act=self.act(reason), verb=verb)
        return after


@contextmanager
def begun(engine: Engine, who: Person, needs: Verb, case_id: str, now: datetime) -> Iterator[Deed]:
    """A transaction for an act of somebody who may; an error that leaves it undoes everything.

    Raises PeopleError, which says which role is wanted, and LedgerError where there is no case.
    """
    require(who, needs)
    with writing(engine) as connection:
        yield Deed(connection, who, now, one(connection, CASES, case_id))


def skills_for(desks: Desks, case: Case) -> frozenset[str]:
    """All skills that the case's queue wants.

    If its queue is gone from queues.yaml: those of the default queue, and of a restricted case
    those of every restricted queue, so that nobody sees it who might not have before.
    """
    if case.queue in desks.queues:
        return desks.queues[case.queue].skills
    if not case.restricted:
        return desks.queues[desks.default].skills
    apart = [queue.skills for queue in desks.queues.values() if queue.restricted]
    return frozenset(skill for skills in apart for skill in skills)


def may_work(who: Person, desks: Desks, case: Case) -> bool:
    """Whether somebody reviews at all and has the skills for it."""
    return may(who, "review") and skills_for(desks, case) <= who.skills


def require_skills(who: Person, desks: Desks, case: Case) -> None:
    """Raise CaseError, which says what is missing, unless they may work on it."""
    missing = sorted(skills_for(desks, case) - who.skills)
    if missing:
        raise CaseError(
            f"The queue '{case.queue}' wants {', '.join(missing)}, which {who.id} does not have; "
            "leave the case to somebody who has, or have it added in people.yaml."
        )


def is_free(case: Case, now: datetime) -> bool:
    """Whether it waits for somebody, or the time of who had it has run out."""
    if case.state in {CaseState.TRIAGED, CaseState.ESCALATED}:
        return True
    return case.state in HELD and not _runs(case, now)


def require_held(deed: Deed, *states: CaseState) -> None:
    """Raise CaseError unless the person has the case, in one of the states, and time left."""
    case, who = deed.case, deed.who
    require_state(case, *states)
    if case.leased_by != who.id:
        has = f"{case.leased_by} has it" if case.leased_by else "nobody has it"
        raise CaseError(
            f"{who.id} does not have the case {case.case_id}; {has}. Take it first, when it waits."
        )
    if not _runs(case, deed.now):
        raise CaseError(
            f"{who.id} had the case {case.case_id} until {case.leased_until}; it is "
            f"{deed.now} now. Take it again, and look at it as it is then."
        )


def require_state(case: Case, *states: CaseState) -> None:
    """Raise CaseError unless the case is in one of the states."""
    if case.state not in states:
        into = f" (it was merged into {case.merged_into})" if case.merged_into else ""
        raise CaseError(
            f"The case {case.case_id} is {case.state}{into}; wanted {' or '.join(states)}. "
            "Look at it again."
        )


def require_open(case: Case) -> None:
    """Raise CaseError unless the case is open."""
    require_state(case, *sorted(OPEN))


def _runs(case: Case, now: datetime) -> bool:
    return case.leased_until is not None and case.leased_until > now
