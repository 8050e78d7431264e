import pytest
from sqlalchemy import insert

from monitors.contract import Severity
from orchestration.cases.acts import ask
from orchestration.cases.errors import CaseError
from orchestration.cases.merge import merge, split
from orchestration.cases.queue import claim
from orchestration.cases.reopen import reopen
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import Case
from orchestration.ledger.database import writing
from orchestration.ledger.tables import reports
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import THEFT, at
from tests.support.cases import ANA, LEAD, Office


def joined(office: Office, into: str, other: str, hour: float = 3, who: Person = LEAD) -> Case:
    """Merge the case of one entity's alert into another's."""
    return merge(
        office.engine,
        who,
        office.case_of(into).case_id,
        other_id=office.case_of(other).case_id,
        reason="one campaign",
        terms=office.terms,
        now=at(hour),
    )


def parted(office: Office, *entities: str, hour: float = 3, who: Person = LEAD) -> Case:
    """Split the alerts of some entities from the case of the first."""
    return split(
        office.engine,
        who,
        office.case_of(entities[0]).case_id,
        alert_ids=[office.alert(name).alert_id for name in entities],
        reason="two people",
        terms=office.terms,
        now=at(hour),
    )


def test_a_merged_case_has_all_of_both_and_the_other_is_closed(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.found(1, "b", severity=Severity.S1)
    office.open(2.2)
    other = office.case_of("b")
    with writing(office.engine) as connection:
        row = {
            "report_id": "r1",
            "product": "chat",
            "reporter": "account_000000000001",
            "target_type": "account_id",
            "target": "b",
            "at": at(1),
            "weight": 0.5,
            "case_id": other.case_id,
        }
        connection.execute(insert(reports), row)
    case = joined(office, "a", "b")
    assert case == office.case_of("a") == office.case_of("b")
    assert office.entities(case) == ["a", "b"]
    assert [name for _, name in office.members(case).entities] == ["a", "b"]
    assert (case.severity, case.resolve_due) == (Severity.S1, at(2.2 + 12))
    assert [report["case_id"] for report in office.rows("reports")] == [case.case_id]
    over = office.case(other.case_id)
    assert (over.state, over.merged_into, over.closed_at) == (
        CaseState.CLOSED,
        case.case_id,
        at(3),
    )
    assert over.reopen_until is None
    merged = [act.object for act in office.acts() if act.verb == "merge"]
    assert set(merged) == {
        f"case:{case.case_id}",
        f"case:{over.case_id}",
        f"case_alerts:{case.case_id}",
        f"case_reports:{case.case_id}",
    }
    assert office.is_sound()


def test_what_comes_after_a_merge_comes_to_the_case_that_is_left(office: Office) -> None:
    office.found(0, "a", "b")
    office.open(1.2)
    case = joined(office, "a", "b")
    office.found(3, "b")
    office.found(3, "b", monitor=THEFT)
    assert office.open(4.2) == (0, 2, 0)
    assert office.case_of("b", THEFT).case_id == case.case_id


def test_a_merged_case_is_never_reopened(office: Office) -> None:
    office.found(0, "a", "b")
    office.open(1.2)
    other = office.case_of("b")
    joined(office, "a", "b")
    with pytest.raises(CaseError, match="was merged into"):
        reopen(office.engine, ANA, other.case_id, reason="why", terms=office.terms, now=at(4))
    with pytest.raises(CaseError, match="it was merged into"):
        claim(office.engine, ANA, other.case_id, terms=office.terms, now=at(4))


def test_merging_while_one_waits_for_information_keeps_its_clock_stopped(
    office: Office,
) -> None:
    office.found(0, "a", "b")
    office.open(1.2)
    office.reviewed(office.case_of("a"), 2)
    ask(office.engine, ANA, office.case_of("a").case_id, reason="asked", now=at(2.2))
    case = joined(office, "a", "b", 3.2)
    assert case.state is CaseState.NEEDS_INFO
    assert [end for _, end in case.pauses].count(None) == 1


def test_only_a_lead_merges_and_splits(office: Office) -> None:
    office.links = {"a": ["ring"], "b": ["ring"]}
    office.found(0, "a", "b", "c")
    office.open(1.2)
    with pytest.raises(PeopleError, match="none of which may 'merge'"):
        joined(office, "a", "c", who=ANA)
    with pytest.raises(PeopleError, match="none of which may 'merge'"):
        parted(office, "b", who=ANA)


def test_restricted_cases_are_merged_with_none_of_another_queue(office: Office) -> None:
    office.found(0, "a")
    office.found(0, "b", harm="child_safety", monitor=THEFT)
    office.watch("live/care")
    office.found(0, "c", harm="self_harm", monitor="live/care")
    office.open(1.2)
    ids = [
        office.case_of("a").case_id,
        office.case_of("b", THEFT).case_id,
        office.case_of("c", "live/care").case_id,
    ]
    for into, other in ((ids[0], ids[1]), (ids[1], ids[0]), (ids[1], ids[2])):
        with pytest.raises(CaseError, match="wanted one queue"):
            merge(
                office.engine,
                LEAD,
                into,
                other_id=other,
                reason="why",
                terms=office.terms,
                now=at(3),
            )


def test_a_case_is_merged_with_another_that_is_open(office: Office) -> None:
    office.found(0, "a", "b")
    office.open(1.2)
    with pytest.raises(CaseError, match="name two"):
        joined(office, "a", "a")
    office.decided(office.case_of("b"), 2)
    with pytest.raises(CaseError, match="is closed"):
        joined(office, "a", "b")


def test_a_split_case_refers_to_the_old_one_and_keeps_its_clock(office: Office) -> None:
    office.links = {name: ["ring"] for name in "abc"}
    office.found(0, "a", "b", "c")
    office.open(1.2)
    old = office.case()
    new = parted(office, "b")
    assert office.entities(office.case_of("a")) == ["a", "c"]
    assert office.entities(new) == ["b"]
    assert [name for _, name in office.members(old).entities] == ["a", "c"]
    assert (new.related_id, new.state) == (old.case_id, CaseState.TRIAGED)
    assert (new.first_action_due, new.resolve_due) == (old.first_action_due, old.resolve_due)
    by = [(act.verb, act.actor) for act in office.acts() if act.object == f"case:{new.case_id}"]
    assert by == [("split", "lea"), ("triage", "system:cases")]
    assert office.open(3.1) == (0, 0, 0)
    assert office.is_sound()


def test_a_split_case_goes_to_the_queue_of_its_own_alert(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.found(1, "a", monitor=THEFT, harm="fraud_scams")
    office.open(2.2)
    new = split(
        office.engine,
        LEAD,
        office.case().case_id,
        alert_ids=[office.alert("a", THEFT).alert_id],
        reason="another matter",
        terms=office.terms,
        now=at(3),
    )
    assert (new.queue, new.harm) == ("fraud", "fraud_scams")


def test_a_split_leaves_something_and_takes_only_what_is_there(office: Office) -> None:
    office.links = {"a": ["ring"], "b": ["ring"]}
    office.found(0, "a", "b", "c")
    office.open(1.2)
    for names in (["a", "b"], ["a", "c"]):
        with pytest.raises(CaseError, match="and not all"):
            parted(office, *names)


def test_a_restricted_case_is_parted_and_merged_by_those_with_its_skills(office: Office) -> None:
    office.found(0, "a", harm="child_safety", monitor=THEFT)
    office.found(2, "b", harm="child_safety", monitor=THEFT)
    office.open(3.2)
    ids = [office.case_of(name, THEFT).case_id for name in ("a", "b")]
    alert = office.alert("a", THEFT).alert_id
    with pytest.raises(CaseError, match="wants children, which lea does not have"):
        joined_ids(office, ids)
    with pytest.raises(CaseError, match="wants children, which lea does not have"):
        split(
            office.engine,
            LEAD,
            ids[0],
            alert_ids=[alert],
            reason="why",
            terms=office.terms,
            now=at(4),
        )


def joined_ids(office: Office, ids: list[str]) -> None:
    merge(office.engine, LEAD, ids[0], other_id=ids[1], reason="why", terms=office.terms, now=at(4))
