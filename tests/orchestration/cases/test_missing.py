import pytest

from monitors.harms import Harm
from orchestration.cases.decide import decide
from orchestration.cases.errors import CaseError
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.missing import open_escalation
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, ENGINEER, VIEWER, Office

FIRST = ("account_id", "account_7f3a09c2e1d4")
SECOND = ("key_id", "key_000000000001")


def escalated(
    office: Office,
    *entities: tuple[str, str],
    hour: float = 2,
    who: Person = ENGINEER,
    harm: Harm = Harm.SPAM,
) -> Case:
    return open_escalation(
        office.engine, who, entities, "chat", harm, terms=office.terms, now=at(hour)
    )


def test_what_no_monitor_caught_is_a_case_a_gap_and_a_label_for_each_entity(
    office: Office,
) -> None:
    case = escalated(office, FIRST, SECOND)
    assert case == office.case()
    assert (case.state, case.source, case.harm) == (CaseState.TRIAGED, "escalation", "spam")
    assert office.members(case).entities == [FIRST, SECOND]
    (gap,) = office.rows("gaps")
    assert (gap["kind"], gap["case_id"], gap["opened_by"]) == ("missed", case.case_id, "eva")
    labels = {str(row["unit_id"]): row for row in office.rows("labels")}
    assert set(labels) == {
        f"missed:{case.case_id}:account_7f3a09c2e1d4",
        f"missed:{case.case_id}:key_000000000001",
    }
    for row in labels.values():
        assert (row["value"], row["source"], row["rater"]) == (True, "missed", "eva")
        assert (row["inclusion_prob"], row["monitor"]) == (None, None)
    assert office.is_sound()


def test_its_entities_are_decided_one_by_one(office: Office) -> None:
    case = escalated(office, FIRST, SECOND)
    office.reviewed(case, 2.1)
    chosen = {
        "entity:account_id:account_7f3a09c2e1d4": Outcome(Verdict.VIOLATING, "warn"),
        "entity:key_id:key_000000000001": Outcome(Verdict.BENIGN),
    }
    with pytest.raises(CaseError, match="1 of 2 units"):
        decide(
            office.engine,
            ANA,
            case.case_id,
            {"entity:key_id:key_000000000001": Outcome(Verdict.BENIGN)},
            "spam",
            terms=office.terms,
            now=at(2.2),
        )
    done = decide(office.engine, ANA, case.case_id, chosen, "spam", terms=office.terms, now=at(2.2))
    assert done.labels == 0
    (row,) = office.rows("decisions")
    assert row["automated_detection"] is False
    said = {(one["alert_id"], one["entity"], one["outcome"]) for one in office.rows("outcomes")}
    assert said == {
        (None, "account_7f3a09c2e1d4", "violating"),
        (None, "key_000000000001", "benign"),
    }


def test_its_severity_and_queue_are_those_of_its_harm(office: Office) -> None:
    case = escalated(office, FIRST, harm=Harm.CHILD_SAFETY)
    assert (case.queue, case.restricted) == ("children", True)
    assert case.severity is office.terms.policies.of("child_safety").severity


def test_an_alert_of_its_entity_joins_it_later(office: Office) -> None:
    case = escalated(office, FIRST)
    office.found(2, FIRST[1])
    assert office.open(3.2) == (0, 1, 0)
    assert office.case_of(FIRST[1]).case_id == case.case_id


def test_what_an_open_case_is_about_already_is_not_opened_again(office: Office) -> None:
    case = escalated(office, FIRST)
    with pytest.raises(CaseError, match=f"The open case {case.case_id} is about"):
        escalated(office, FIRST, SECOND, hour=3)
    assert escalated(office, FIRST, hour=3, harm=Harm.CYBER).harm == "cyber"


@pytest.mark.parametrize(
    ("entities", "harm", "text"),
    [
        ([], Harm.SPAM, "0 entities"),
        ([FIRST], Harm.MONITORING_GAP, "a harm with a policy"),
        ([("account_id", "jane@example.org")], Harm.SPAM, "is no pseudonym"),
        ([("ip", FIRST[1])], Harm.SPAM, "is no pseudonym of its type"),
    ],
)
def test_it_is_about_pseudonyms_and_a_harm_with_a_policy(
    office: Office, entities: list[tuple[str, str]], harm: Harm, text: str
) -> None:
    with pytest.raises(CaseError, match=text) as refused:
        escalated(office, *entities, harm=harm)
    assert "jane" not in str(refused.value)
    assert office.cases() == []


def test_who_only_looks_opens_nothing(office: Office) -> None:
    with pytest.raises(PeopleError, match="open_case"):
        escalated(office, FIRST, who=VIEWER)
