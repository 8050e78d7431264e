from dataclasses import replace
from datetime import timedelta

import pytest

from monitors.contract import Severity
from orchestration.cases.acts import ask, escalate
from orchestration.cases.errors import CaseError
from orchestration.cases.queue import (
    assign,
    claim,
    expire_leases,
    listing,
    next_case,
    release,
    renew,
)
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, BEN, CARA, LEAD, VIEWER, Office

LEASE = timedelta(minutes=30)


def take(office: Office, hour: float, who: Person = ANA) -> Case | None:
    return next_case(office.engine, who, office.terms, at(hour))


def order(office: Office, hour: float) -> list[str]:
    """Entities of the open cases, the next one first."""
    with reading(office.engine) as connection:
        rows = listing(connection, office.terms, at(hour))
    return ["".join(office.entities(row.case)) for row in rows]


def test_the_next_case_is_taken_with_a_lease(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    case = take(office, 2)
    assert case == office.case()
    assert case.state is CaseState.ASSIGNED
    assert (case.assignee, case.leased_by, case.leased_until) == ("ana", "ana", at(2) + LEASE)
    assert case.first_action_at is None
    assert take(office, 2, BEN) is None
    assert office.is_sound()


def test_graver_cases_come_first_and_then_what_is_due_first(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.found(1, "b", severity=Severity.S1)
    office.found(1, "c", monitor="api/key_theft")
    office.open(2.2)
    assert order(office, 2.3) == ["b", "a", "c"]
    assert [office.entities(case) for case in (take(office, 2.3), take(office, 2.3)) if case] == [
        ["b"],
        ["a"],
    ]


def test_a_case_near_its_end_is_lifted_above_graver_ones(office: Office) -> None:
    office.found(0, "a", severity=Severity.S3)
    office.open(1.2)
    office.found(5, "b")
    office.open(7.6)  # 80 % of the eight hours until a's first action
    assert order(office, 7.5) == ["b", "a"]
    assert order(office, 7.6) == ["a", "b"]


def test_nobody_gets_a_case_whose_queue_wants_a_skill_they_lack(office: Office) -> None:
    office.found(0, "a", harm="child_safety")
    office.open(1.2)
    assert take(office, 2) is None
    with pytest.raises(CaseError, match="wants children, which ana does not have"):
        claim(office.engine, ANA, office.case().case_id, terms=office.terms, now=at(2))
    assert take(office, 2, CARA) is not None


def test_a_restricted_case_whose_queue_is_gone_wants_all_restricted_skills(
    office: Office,
) -> None:
    office.found(0, "a", harm="child_safety")
    office.open(1.2)
    queues = {k: v for k, v in office.terms.desks.queues.items() if k != "children"}
    office.set(queues=queues)
    assert take(office, 2) is None
    assert take(office, 2, CARA) is None  # wants care now
    assert take(office, 2, replace(CARA, skills=frozenset({"care"}))) is not None


def test_a_case_whose_queue_is_gone_is_worked_on_with_the_default(office: Office) -> None:
    office.found(0, "a", harm="fraud_scams")
    office.open(1.2)
    queues = {k: v for k, v in office.terms.desks.queues.items() if k != "fraud"}
    office.set(queues=queues)
    assert take(office, 2) is not None


def test_who_does_not_review_takes_nothing(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    with pytest.raises(PeopleError, match="wanted one of reviewer"):
        take(office, 2, VIEWER)


def test_a_case_is_not_taken_from_who_has_it_until_the_lease_ends(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    case_id = office.case().case_id
    claim(office.engine, ANA, case_id, terms=office.terms, now=at(2))
    with pytest.raises(CaseError, match="ana has the case"):
        claim(office.engine, BEN, case_id, terms=office.terms, now=at(2.49))
    assert claim(office.engine, BEN, case_id, terms=office.terms, now=at(2.5)).leased_by == "ben"
    verbs = [(act.verb, act.actor) for act in office.acts() if act.object.startswith("case:")]
    assert verbs[2:] == [("assign", "ana"), ("release", "system:leases"), ("assign", "ben")]


def test_a_renewed_lease_lasts_longer_and_leaves_no_act(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    take(office, 2)
    before = len(office.acts())
    renew(office.engine, ANA, office.case().case_id, terms=office.terms, now=at(2.4))
    assert office.case().leased_until == at(2.4) + LEASE
    assert len(office.acts()) == before
    with pytest.raises(CaseError, match="until"):
        renew(office.engine, ANA, office.case().case_id, terms=office.terms, now=at(2.9))


def test_a_released_case_waits_again(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    take(office, 2)
    with pytest.raises(CaseError, match="ana has it"):
        release(office.engine, BEN, office.case().case_id, now=at(2.1))
    case = release(office.engine, ANA, office.case().case_id, now=at(2.1))
    assert (case.state, case.assignee, case.leased_by) == (CaseState.TRIAGED, None, None)


def test_leases_that_ran_out_are_given_back_by_the_system(office: Office) -> None:
    office.found(0, "a", "b")
    office.open(1.2)
    office.reviewed(office.case_of("a"), 2)
    office.reviewed(office.case_of("b"), 2.2, BEN)
    assert expire_leases(office.engine, at(2.49)) == 0
    assert expire_leases(office.engine, at(2.5)) == 1
    assert expire_leases(office.engine, at(2.5)) == 0
    assert office.case_of("a").state is CaseState.TRIAGED
    assert office.case_of("b").state is CaseState.IN_REVIEW
    assert office.is_sound()


def test_a_lead_assigns_a_case_whoever_has_it(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    case_id = office.case().case_id
    with pytest.raises(PeopleError, match="assign_case"):
        assign(office.engine, ANA, case_id, to=BEN, terms=office.terms, now=at(2))
    given = assign(office.engine, LEAD, case_id, to=ANA, terms=office.terms, now=at(2))
    assert (given.state, given.leased_by) == (CaseState.ASSIGNED, "ana")
    given = assign(office.engine, LEAD, case_id, to=BEN, terms=office.terms, now=at(2.1))
    assert (given.state, given.leased_by) == (CaseState.ASSIGNED, "ben")
    with pytest.raises(CaseError, match="vic does not review"):
        assign(office.engine, LEAD, case_id, to=VIEWER, terms=office.terms, now=at(2.2))


def test_a_restricted_case_is_assigned_to_nobody_without_its_skill(office: Office) -> None:
    office.found(0, "a", harm="child_safety")
    office.open(1.2)
    with pytest.raises(CaseError, match="wants children"):
        assign(office.engine, LEAD, office.case().case_id, to=ANA, terms=office.terms, now=at(2))


def test_what_waits_for_information_stays_so_when_it_is_assigned(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.reviewed(office.case(), 2)
    case_id = office.case().case_id
    ask(office.engine, ANA, case_id, reason="the owner is asked", now=at(2.1))
    given = assign(office.engine, LEAD, case_id, to=BEN, terms=office.terms, now=at(2.2))
    assert (given.state, given.assignee, given.leased_by) == (CaseState.NEEDS_INFO, "ben", None)


def test_an_escalated_case_is_in_review_once_taken(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    escalate(
        office.engine,
        ANA,
        office.case().case_id,
        reason="graver than it looks",
        terms=office.terms,
        now=at(2),
    )
    case = take(office, 2.1, BEN)
    assert case is not None
    assert (case.state, case.first_action_at) == (CaseState.IN_REVIEW, at(2.1))


def test_the_listing_says_age_time_left_and_breach(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    with reading(office.engine) as connection:
        (early,) = listing(connection, office.terms, at(3.2))
        (late,) = listing(connection, office.terms, at(5.2))
    assert (early.age, early.left) == (timedelta(hours=2), timedelta(hours=2))
    assert (early.breached, early.free, early.rank) == (False, True, 4)
    assert (late.left, late.breached, late.rank) == (timedelta(0), True, 2)


def test_a_paused_case_has_as_much_time_left_as_when_it_stopped(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.reviewed(office.case(), 2)
    ask(office.engine, ANA, office.case().case_id, reason="the owner is asked", now=at(2.2))
    with reading(office.engine) as connection:
        (row,) = listing(connection, office.terms, at(90))
    assert (row.left, row.breached, row.free) == (timedelta(hours=23), False, False)
