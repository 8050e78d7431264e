"""The queue: which case is next, who has it, and for how long."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, or_

from orchestration.cases.clocks import is_paused, next_due, running, used
from orchestration.cases.errors import CaseError
from orchestration.cases.holding import (
    begun,
    is_free,
    may_work,
    require_held,
    require_open,
    require_skills,
    require_state,
)
from orchestration.cases.making import nobodys
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.case_states import HELD, OPEN, WAITING, CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading, writing
from orchestration.ledger.machines import one, where, write
from orchestration.ledger.tables import cases
from orchestration.oncall.people import Person, may, require
from orchestration.triage.clock import Goal, remaining
from orchestration.triage.priority import Waiting, in_order, rank

LEASES = Actor("leases", "system")
RAN_OUT = "the lease ran out"
ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Listed:
    """An open case in its queue. `rank`: its place by severity and age, 0 first.

    `left` is until its next goal, below zero for so long overdue; of one whose clock stands still
    it stays the same. `free`: nobody has it, and it waits for somebody.
    """

    case: Case
    age: timedelta
    rank: int
    due: datetime
    left: timedelta
    breached: bool
    free: bool


def next_case(engine: Engine, who: Person, terms: Terms, now: datetime) -> Case | None:
    """Take the case that is first among those the person may work on; None if none waits.

    Whoever takes one has it alone until the lease ends; it is not given to two. An escalated case
    is in review at once. Raises PeopleError for somebody who does not review.
    """
    require(who, "review")
    with reading(engine) as connection:
        waiting = _waiting(connection, who, terms, now)
    for case_id in waiting:
        with writing(engine) as connection:
            case = one(connection, CASES, case_id)  # somebody may have been faster
            if is_free(case, now) and may_work(who, terms.desks, case):
                return _take(connection, case, who, terms, now)
    return None


def claim(engine: Engine, who: Person, case_id: str, *, terms: Terms, now: datetime) -> Case:
    """Take one case. CaseError if somebody has it, it does not wait, or a skill is missing."""
    with begun(engine, who, "review", case_id, now) as deed:
        case = deed.case
        require_skills(who, terms.desks, case)
        require_state(case, *sorted(WAITING | HELD))
        if not is_free(case, now):
            raise CaseError(
                f"{case.leased_by} has the case {case_id} until {case.leased_until}; take "
                "another, or have a lead assign it."
            )
        return _take(deed.connection, case, who, terms, now)


def release(engine: Engine, who: Person, case_id: str, *, now: datetime) -> Case:
    """Give a case back to its queue. CaseError unless the person has it."""
    with begun(engine, who, "review", case_id, now) as deed:
        require_held(deed, *sorted(HELD))
        after = replace(nobodys(deed.case), state=CaseState.TRIAGED, changed_at=now)
        return deed.become(after, "given back")


def renew(engine: Engine, who: Person, case_id: str, *, terms: Terms, now: datetime) -> Case:
    """Have a case for the whole time of a lease from now. CaseError unless the person has it."""
    with begun(engine, who, "review", case_id, now) as deed:
        require_held(deed, *sorted(HELD))
        return deed.become(replace(deed.case, leased_until=now + terms.desks.lease), "renewed")


def assign(
    engine: Engine, who: Person, case_id: str, *, to: Person, terms: Terms, now: datetime
) -> Case:
    """Give an open case to somebody, by a lead, whoever has it. CaseError if they may not have it.

    What waits for information stays so, and is theirs once it goes on.
    """
    with begun(engine, who, "assign_case", case_id, now) as deed:
        case = deed.case
        require_open(case)
        if not may(to, "review"):
            raise CaseError(f"{to.id} does not review cases; choose somebody who does.")
        require_skills(to, terms.desks, case)
        reason = f"assigned to {to.id}"
        if case.state is CaseState.NEEDS_INFO:
            after = replace(case, assignee=to.id, changed_at=now)
            return deed.become(after, reason, "assign")
        state = {
            CaseState.TRIAGED: CaseState.ASSIGNED,
            CaseState.ESCALATED: CaseState.IN_REVIEW,
        }.get(case.state, case.state)
        after = replace(_leased(case, to, terms, now), state=state)
        if state is CaseState.IN_REVIEW:  # of one that is not begun, the overdue are handed up
            after = replace(after, first_action_at=case.first_action_at or now)
        return deed.become(after, reason, "assign")


def expire_leases(engine: Engine, now: datetime) -> int:
    """Give back to their queues the cases whose leases have run out; how many."""
    with writing(engine) as connection:
        over = where(
            connection,
            CASES,
            cases.c.state.in_(sorted(HELD)),
            or_(cases.c.leased_until.is_(None), cases.c.leased_until <= now),
        )
        _give_back(connection, over, now)
        return len(over)


def listing(connection: Connection, terms: Terms, now: datetime) -> list[Listed]:
    """Every open case, the next one first.

    Of restricted ones whoever shows them hides all but that they exist from people for whom
    `holding.may_work` says no.
    """
    found = where(connection, CASES, cases.c.state.in_(sorted(OPEN)))
    waiting = {case_id: _as_waiting(case, now) for case_id, case in found.items()}
    ordered = in_order(waiting.values(), terms.desks.ageing)
    return [_listed(found[one.case_id], one, terms, now) for one in ordered]


def _listed(case: Case, waiting: Waiting, terms: Terms, now: datetime) -> Listed:
    due = waiting.due
    if is_paused(case):
        clock = running(case)
        goal = Goal.RESOLVE if case.first_action_at else Goal.FIRST_ACTION
        due = now + remaining(clock.sla, clock.severity, clock.clock, now, goal)
    place = rank(case.severity, waiting.share_used, terms.desks.ageing)
    left = due - now
    return Listed(case, now - case.opened_at, place, due, left, left <= ZERO, is_free(case, now))


def _waiting(connection: Connection, who: Person, terms: Terms, now: datetime) -> list[str]:
    """Ids of the cases that the person could take, the next one first."""
    held = cases.c.state.in_(sorted(HELD)) & (cases.c.leased_until <= now)
    found = where(connection, CASES, or_(cases.c.state.in_(sorted(WAITING)), held))
    mine = [_as_waiting(case, now) for case in found.values() if may_work(who, terms.desks, case)]
    return [one.case_id for one in in_order(mine, terms.desks.ageing)]


def _as_waiting(case: Case, now: datetime) -> Waiting:
    return Waiting(case.case_id, case.severity, next_due(case), used(case, now), case.score or 0.0)


def _take(connection: Connection, case: Case, who: Person, terms: Terms, now: datetime) -> Case:
    """Write that somebody has a case that is free, after the system took it from who had it."""
    if case.state in HELD:
        case = _give_back(connection, {case.case_id: case}, now)[case.case_id]
    taken = _leased(case, who, terms, now)
    if case.state is CaseState.ESCALATED:
        first = case.first_action_at or now
        taken = replace(taken, state=CaseState.IN_REVIEW, first_action_at=first)
    else:
        taken = replace(taken, state=CaseState.ASSIGNED)
    act = Act(Actor(who.id, "person"), now, "taken from the queue")
    write(connection, CASES, before={case.case_id: case}, after=[taken], act=act)
    return taken


def _leased(case: Case, who: Person, terms: Terms, now: datetime) -> Case:
    until = now + terms.desks.lease
    return replace(case, assignee=who.id, leased_by=who.id, leased_until=until, changed_at=now)


def _give_back(connection: Connection, over: dict[str, Case], now: datetime) -> dict[str, Case]:
    waiting = {
        case_id: replace(nobodys(case), state=CaseState.TRIAGED, changed_at=now)
        for case_id, case in over.items()
    }
    write(connection, CASES, before=over, after=waiting.values(), act=Act(LEASES, now, RAN_OUT))
    return waiting
