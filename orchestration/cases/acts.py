"""Acts on a case under review: look at it, wait for others, hand it up."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.cases.clocks import paused, raised, resumed
from orchestration.cases.errors import CaseError
from orchestration.cases.grouping import HARMS, lead, routed
from orchestration.cases.holding import (
    Deed,
    begun,
    require_held,
    require_open,
    require_skills,
    require_state,
)
from orchestration.cases.making import nobodys
from orchestration.cases.members import Members, members
from orchestration.cases.terms import Terms
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.oncall.people import Person, may
from orchestration.oncall.scalars import unknown
from orchestration.triage.desks import Desks, Source, Traits
from orchestration.triage.route import Routed, route


def review(engine: Engine, who: Person, case_id: str, *, terms: Terms, now: datetime) -> Case:
    """Begin to review a case that the person has: the first action on it. CaseError otherwise."""
    with begun(engine, who, "review", case_id, now) as deed:
        require_held(deed, CaseState.ASSIGNED)
        after = replace(
            deed.case,
            state=CaseState.IN_REVIEW,
            first_action_at=deed.case.first_action_at or now,
            leased_until=now + terms.desks.lease,
            changed_at=now,
        )
        return deed.become(after, "in review")


def ask(engine: Engine, who: Person, case_id: str, *, reason: str, now: datetime) -> Case:
    """Wait for information: nobody has the case meanwhile.

    Its clock stands still only where its SLA lets that severity pause. CaseError unless the person
    has it in review; LedgerError for a reason that is no line.
    """
    with begun(engine, who, "review", case_id, now) as deed:
        require_held(deed, CaseState.IN_REVIEW)
        waits = paused(deed.case, now)
        after = replace(
            waits,
            state=CaseState.NEEDS_INFO,
            leased_by=None,
            leased_until=None,
            changed_at=now,
        )
        return deed.become(after, reason)


def answer(
    engine: Engine, who: Person, case_id: str, *, reason: str, terms: Terms, now: datetime
) -> Case:
    """Say that the information is there: the case goes on with whoever asked.

    CaseError unless it waits for some, or if a skill is missing; LedgerError as `ask`.
    """
    with begun(engine, who, "review", case_id, now) as deed:
        require_state(deed.case, CaseState.NEEDS_INFO)
        require_skills(who, terms.desks, deed.case)
        after = replace(
            resumed(deed.case, now),
            state=CaseState.IN_REVIEW,
            leased_by=deed.case.assignee,
            leased_until=now + terms.desks.lease,
            changed_at=now,
        )
        return deed.become(after, reason)


def escalate(
    engine: Engine,
    who: Person,
    case_id: str,
    *,
    reason: str,
    terms: Terms,
    now: datetime,
    severity: Severity | None = None,
    queue: str | None = None,
) -> Case:
    """Hand a case up: graver by one, or as told, and in the queue that routing or the person says.

    It waits for the next reviewer there. Its clock becomes no later, and a restricted case stays
    in a restricted queue. CaseError if somebody else has it, unless by a lead; if it is closed; and
    for a severity that is lower or a queue that is not there.
    """
    with begun(engine, who, "review", case_id, now) as deed:
        case = deed.case
        require_open(case)
        require_skills(who, terms.desks, case)
        _require_own(deed)
        graver = Severity(max(0, case.severity - 1)) if severity is None else severity
        if graver > case.severity:
            raise CaseError(
                f"The case is {case.severity.name} and would become {graver.name}; wanted at "
                "least as grave. Leave the severity out for the next."
            )
        after = raised(resumed(case, now), graver, now)
        have = members(deed.connection, [case_id])[case_id]
        chosen = Routed(queue, "escalated") if queue else route_of(terms.desks, after, have)
        after = _moved(after, chosen, terms.desks)
        after = replace(nobodys(after), state=CaseState.ESCALATED, changed_at=now)
        return deed.become(after, reason, "escalate")


def route_of(desks: Desks, case: Case, have: Members) -> Routed:
    """Where routing leads a case by what it is now."""
    source = Source(case.source)
    if have.alerts:
        return routed(desks, lead(have.alerts), case.severity, source)
    kind = have.entities[0][0] if have.entities else ""
    harm = Harm(case.harm) if case.harm in HARMS else None
    return route(desks, Traits(harm, case.product, case.severity, source, kind))


def _moved(case: Case, chosen: Routed, desks: Desks) -> Case:
    """The case in another queue. CaseError for one that is not there, or lets others see it."""
    if chosen.queue not in desks.queues:
        raise CaseError(unknown(chosen.queue, desks.queues, "queue", " in queues.yaml"))
    restricted = desks.queues[chosen.queue].restricted
    if case.restricted and not restricted:
        if chosen.rule == "escalated":
            raise CaseError(
                f"The case is restricted and the queue '{chosen.queue}' is not; name one that is."
            )
        return case
    return replace(case, queue=chosen.queue, rule=chosen.rule or "default", restricted=restricted)


def _require_own(deed: Deed) -> None:
    case, who = deed.case, deed.who
    others = case.leased_by is not None and case.leased_by != who.id
    running = case.leased_until is not None and case.leased_until > deed.now
    if others and running and not may(who, "assign_case"):
        raise CaseError(
            f"{case.leased_by} has the case {case.case_id} until {case.leased_until}; let them "
            "escalate it, or ask a lead."
        )
