from datetime import timedelta

from monitors.contract import Severity
from orchestration.ledger.case_states import CaseState
from tests.orchestration.alerts.builders import THEFT, at
from tests.support.cases import BENIGN, CARA, VIOLATING, Office


def test_an_alert_of_a_closed_case_reopens_it_within_the_window(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    closed = office.decided(office.case(), 2).case
    assert office.open(3) == (0, 0, 0)
    office.found(3, "a")
    assert office.open(4.2) == (0, 0, 1)
    case = office.case()
    assert case.state is CaseState.TRIAGED
    assert (case.reopens, case.closed_at, case.decided_at) == (1, None, None)
    assert (case.leased_by, case.assignee, case.first_action_at) == (None, None, None)
    assert case.resolve_due == at(4.2 + 24)
    assert closed.reopen_until == at(2 + 14 * 24)
    assert [entry.verb for entry in office.desk.audit("reopen")] == ["reopen"]
    assert office.is_sound()


def test_after_the_window_a_closed_case_takes_nothing_and_a_new_one_refers_to_it(
    office: Office,
) -> None:
    office.set(reopen_window=timedelta(hours=1))
    office.found(0, "a")
    office.open(1.2)
    closed = office.decided(office.case(), 2).case
    office.found(3, "a")
    assert office.open(4.2) == (1, 0, 0)
    new = office.case_of("a")
    assert (new.related_id, new.state) == (closed.case_id, CaseState.TRIAGED)
    assert office.case(closed.case_id) == closed
    assert office.members(closed).alerts == []
    assert [row["current"] for row in office.rows("case_alerts")].count(True) == 1


def test_another_harm_does_not_reopen_a_case_of_its_entity_but_refers_to_it(
    office: Office,
) -> None:
    office.found(0, "a")
    office.open(1.2)
    closed = office.decided(office.case(), 2).case
    office.found(3, "a", monitor=THEFT, harm="fraud_scams")
    assert office.open(4.2) == (1, 0, 0)
    assert office.case_of("a", THEFT).related_id == closed.case_id


def test_an_alert_of_a_closed_case_comes_to_the_open_one_of_its_entity(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.decided(office.case(), 2)
    office.found(3, "a", monitor=THEFT, harm="fraud_scams")
    office.open(4.2)
    office.found(4, "a")
    assert office.open(5.2) == (0, 1, 0)
    assert office.case_of("a") == office.case_of("a", THEFT)


def test_a_case_is_not_reopened_for_an_alert_of_a_restricted_queue(office: Office) -> None:
    office.found(0, "a", harm="child_safety")
    office.open(1.2)
    office.decided(office.case(), 2, BENIGN, who=CARA, policy="child_safety")
    office.found(3, "a", monitor=THEFT)
    assert office.open(4.2) == (1, 0, 0)
    assert office.case_of("a", THEFT).related_id is None


def test_what_was_decided_does_not_come_back_with_each_further_finding(office: Office) -> None:
    for hour in range(3):
        office.found(hour, "a")
    office.open(3.2)
    office.decided(office.case(), 4)
    office.found(4, "a")
    office.found(5, "a")
    assert office.open(6.2) == (0, 0, 0)
    assert office.case().state is CaseState.CLOSED
    office.found(6, "a")
    assert office.open(7.2) == (0, 0, 1)  # as often again as the decision knew of


def test_what_was_violating_and_goes_on_a_day_later_comes_back(office: Office) -> None:
    for hour in range(4):
        office.found(hour, "a")
    office.open(4.2)
    office.decided(office.case(), 5, VIOLATING)
    office.found(28, "a")
    assert office.open(29.2) == (0, 0, 0)
    office.found(29, "a")
    assert office.open(30.2) == (0, 0, 1)


def test_what_was_benign_and_goes_on_a_day_later_does_not(office: Office) -> None:
    for hour in range(4):
        office.found(hour, "a")
    office.open(4.2)
    office.decided(office.case(), 5, BENIGN)
    office.found(29, "a")
    assert office.open(30.2) == (0, 0, 0)


def test_what_becomes_graver_comes_back_at_once(office: Office) -> None:
    for hour in range(4):
        office.found(hour, "a")
    office.open(4.2)
    office.decided(office.case(), 5)
    office.found(6, "a", severity=Severity.S1)
    assert office.open(7.2) == (0, 0, 1)
