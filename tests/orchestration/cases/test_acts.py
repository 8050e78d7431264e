from typing import Any

import pytest

from monitors.contract import Severity
from orchestration.cases.acts import answer, ask, escalate, review
from orchestration.cases.errors import CaseError
from orchestration.cases.queue import claim
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, BEN, CARA, LEAD, Office

WHY = "the owner is asked"


def opened(office: Office, **changed: Any) -> Case:  # noqa: ANN401 - any part of a finding
    office.found(0, "a", **changed)
    office.open(1.2)
    return office.case()


def up(office: Office, hour: float, who: Person = ANA, **more: object) -> Case:
    return escalate(
        office.engine,
        who,
        office.case().case_id,
        reason="graver than it looks",
        terms=office.terms,
        now=at(hour),
        **more,  # type: ignore[arg-type]
    )


def test_the_first_review_is_the_first_action_and_renews_the_lease(office: Office) -> None:
    case = opened(office)
    claim(office.engine, ANA, case.case_id, terms=office.terms, now=at(2))
    after = review(office.engine, ANA, case.case_id, terms=office.terms, now=at(2.25))
    assert (after.state, after.first_action_at) == (CaseState.IN_REVIEW, at(2.25))
    assert after.leased_until == at(2.75)


def test_only_who_has_it_reviews_it(office: Office) -> None:
    case = opened(office)
    with pytest.raises(CaseError, match=r"is triaged; wanted assigned"):
        review(office.engine, ANA, case.case_id, terms=office.terms, now=at(2))
    claim(office.engine, ANA, case.case_id, terms=office.terms, now=at(2))
    with pytest.raises(CaseError, match="ben does not have the case"):
        review(office.engine, BEN, case.case_id, terms=office.terms, now=at(2))
    with pytest.raises(CaseError, match="Take it again"):
        review(office.engine, ANA, case.case_id, terms=office.terms, now=at(2.5))


def test_waiting_for_information_moves_the_due_time_where_the_policy_permits(
    office: Office,
) -> None:
    case = opened(office)
    office.reviewed(case, 2)
    waits = ask(office.engine, ANA, case.case_id, reason=WHY, now=at(2.2))
    assert (waits.state, waits.leased_by) == (CaseState.NEEDS_INFO, None)
    assert waits.resolve_due == case.resolve_due
    after = answer(
        office.engine, BEN, case.case_id, reason="they answered", terms=office.terms, now=at(12.2)
    )
    assert (after.state, after.leased_by, after.leased_until) == (
        CaseState.IN_REVIEW,
        "ana",
        at(12.7),
    )
    assert after.resolve_due == at(1.2 + 24 + 10)
    assert after == office.case()
    assert office.is_sound()


def test_a_grave_case_does_not_pause(office: Office) -> None:
    case = opened(office, severity=Severity.S1)
    office.reviewed(case, 1.3)
    ask(office.engine, ANA, case.case_id, reason=WHY, now=at(1.4))
    after = answer(
        office.engine, ANA, case.case_id, reason="they answered", terms=office.terms, now=at(5)
    )
    assert (after.resolve_due, after.pauses) == (case.resolve_due, ())


def test_an_answer_is_for_what_waits_for_one(office: Office) -> None:
    case = opened(office)
    with pytest.raises(CaseError, match="wanted needs_info"):
        answer(office.engine, ANA, case.case_id, reason=WHY, terms=office.terms, now=at(2))


def test_an_escalated_case_is_graver_by_one_and_waits_for_somebody(office: Office) -> None:
    case = opened(office)
    office.reviewed(case, 2)
    after = up(office, 2.1)
    assert (after.state, after.severity) == (CaseState.ESCALATED, Severity.S1)
    assert (after.assignee, after.leased_by) == (None, None)
    assert after.resolve_due == at(2.1 + 12)
    assert up(office, 2.2, severity=Severity.S0).severity is Severity.S0
    assert up(office, 2.3).severity is Severity.S0
    assert office.is_sound()


def test_an_escalated_case_goes_to_the_queue_that_is_named(office: Office) -> None:
    opened(office)
    assert up(office, 2, queue="fraud").queue == "fraud"
    with pytest.raises(CaseError, match="did you mean 'general'"):
        up(office, 2.1, CARA, queue="generalx")


def test_a_restricted_case_is_escalated_within_restricted_queues(office: Office) -> None:
    opened(office, harm="child_safety")
    with pytest.raises(CaseError, match="wants children"):
        up(office, 2)
    with pytest.raises(CaseError, match="name one that is"):
        up(office, 2, CARA, queue="general")
    assert up(office, 2, CARA).queue == "children"


def test_an_escalation_never_makes_a_case_less_grave(office: Office) -> None:
    opened(office)
    with pytest.raises(CaseError, match="would become S3"):
        up(office, 2, severity=Severity.S3)


def test_only_a_lead_escalates_what_somebody_else_has(office: Office) -> None:
    office.reviewed(opened(office), 2)
    with pytest.raises(CaseError, match="ana has the case"):
        up(office, 2.1, BEN)
    assert up(office, 2.1, LEAD).state is CaseState.ESCALATED


def test_a_case_escalated_while_it_waits_for_information_runs_again(office: Office) -> None:
    case = opened(office)
    office.reviewed(case, 2)
    ask(office.engine, ANA, case.case_id, reason=WHY, now=at(2.2))
    after = up(office, 3.2)
    assert after.resolve_due == at(3.2 + 12)
    assert all(end for _, end in after.pauses)


def test_a_closed_case_is_not_escalated(office: Office) -> None:
    office.decided(opened(office), 2)
    with pytest.raises(CaseError, match="is closed; wanted assigned"):
        up(office, 3)
