from datetime import timedelta

from orchestration.cases.ageing import age
from orchestration.cases.outlook import outlooks
from orchestration.cases.overdue import escalate_overdue, overdue
from orchestration.cases.queue import assign, claim
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.database import reading
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, BEN, LEAD, TERMS, Office

A, B, C = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb", "account_cccccccccccc"


def opened(office: Office) -> None:
    """Three cases of S2, whose first action is due four hours after they were opened at two."""
    office.found(0, A, B, C)
    office.open(2)


def waiting(office: Office, hour: float) -> int:
    with reading(office.engine) as connection:
        return overdue(connection, at(hour))


def test_only_what_nobody_began_in_time_is_escalated_and_only_once(office: Office) -> None:
    opened(office)
    begun = office.reviewed(office.case_of(A), 3)
    taken = claim(
        office.engine, BEN, office.case_of(B).case_id, terms=TERMS, now=at(5.9)
    )  # and never begun

    assert (waiting(office, 5.9), waiting(office, 6)) == (0, 2)
    done = escalate_overdue(office.engine, now=at(6))

    assert {case.case_id for case in done} == {taken.case_id, office.case_of(C).case_id}
    assert office.case(begun.case_id).state is CaseState.IN_REVIEW
    assert office.case(taken.case_id).leased_by is None
    assert (waiting(office, 7), escalate_overdue(office.engine, now=at(7))) == (0, [])
    assert office.is_sound()


def test_a_batch_takes_the_longest_due_first_and_the_next_one_the_rest(office: Office) -> None:
    office.found(0, A)
    office.open(2)
    office.found(1, B)
    office.open(3)

    first = escalate_overdue(office.engine, now=at(9), limit=1)
    second = escalate_overdue(office.engine, now=at(9), limit=1)

    assert [case.case_id for case in first] == [office.case_of(A).case_id]
    assert [case.case_id for case in second] == [office.case_of(B).case_id]


def test_an_escalated_case_is_taken_and_begun_as_any_other(office: Office) -> None:
    opened(office)
    escalate_overdue(office.engine, now=at(6))

    case = claim(office.engine, ANA, office.case_of(A).case_id, terms=TERMS, now=at(7))

    assert (case.state, case.first_action_at) == (CaseState.IN_REVIEW, at(7))
    assert case.severity == 2


def test_who_is_given_an_escalated_case_keeps_it(office: Office) -> None:
    opened(office)
    escalate_overdue(office.engine, now=at(6))
    case_id = office.case_of(A).case_id

    assign(office.engine, LEAD, case_id, to=ANA, terms=TERMS, now=at(7))

    assert case_id not in {case.case_id for case in escalate_overdue(office.engine, now=at(7.1))}
    found = office.case(case_id)
    assert (found.state, found.leased_by, found.first_action_at) == ("in_review", "ana", at(7))


def test_the_score_of_a_case_that_waits_rises_with_its_age_and_leaves_no_trace(
    office: Office,
) -> None:
    opened(office)
    before, rows = office.case_of(A).score, len(office.rows("audit"))

    assert age(office.engine, TERMS, now=at(5)) == 3

    after = office.case_of(A).score
    assert before is not None
    assert after is not None
    assert after > before
    assert len(office.rows("audit")) == rows
    assert office.is_sound()


def test_queues_say_what_is_open_free_late_and_oldest(office: Office) -> None:
    opened(office)
    office.reviewed(office.case_of(A), 3)

    with reading(office.engine) as connection:
        early = {one.queue: one for one in outlooks(connection, TERMS, at(3.4))}
        found = {one.queue: one for one in outlooks(connection, TERMS, at(7))}

    general = found["general"]
    assert (general.open, general.free, general.breached, general.grave) == (3, 3, 2, 0)
    assert (early["general"].free, early["general"].breached) == (2, 0)  # ana's lease ran
    assert general.age == timedelta(hours=5)
    assert (found["fraud"].open, found["fraud"].oldest) == (0, None)
    assert general.forecast.basis == "insufficient"


def test_a_queue_that_is_gone_from_the_file_is_shown_as_long_as_it_has_cases(
    office: Office,
) -> None:
    opened(office)
    desks = office.terms.desks
    office.set(
        queues={name: one for name, one in desks.queues.items() if name != "general"},
        default="fraud",
    )

    with reading(office.engine) as connection:
        found = {one.queue: one.open for one in outlooks(connection, office.terms, at(3))}

    assert found["general"] == 3


def test_ten_weeks_of_cases_make_a_forecast(office: Office) -> None:
    week = 7 * 24
    for number in range(12):
        office.found(number * week, f"account_{number:012d}")
        office.open(number * week + 2)

    with reading(office.engine) as connection:
        found = {one.queue: one for one in outlooks(connection, TERMS, at(11 * week + 3))}

    general = found["general"].forecast
    assert general.basis == "seasonal_naive"
    assert general.expected is not None
