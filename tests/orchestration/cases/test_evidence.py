import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.cases.errors import CaseError
from orchestration.cases.evidence import Evidence, by_id, evidence
from orchestration.cases.similar import similar, total
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import THEFT, at
from tests.support.cases import ANA, BENIGN, CARA, VIEWER, VIOLATING
from tests.support.houses import House, house

ANN, BOB = "ann-4711", "bob-0815"
SCRAPING = "web/scraping"


@pytest.fixture
def here(ledger: Engine, tmp_path: Path) -> House:
    return house(ledger, tmp_path)


def shown(here: House, who: Person = ANA, most: int = 200) -> Evidence:
    case_id = here.office.case().case_id
    terms = here.office.terms
    return evidence(here.engine, here.lake, terms, who=who, case_id=case_id, most=most)


def test_evidence_is_what_was_found_with_score_threshold_and_policy(here: House) -> None:
    here.found(0, ANN, evidence={"recipients": 40, "text_hash": "ab12"})
    here.office.open(1.2)
    found = shown(here)
    (row,) = found.findings.iter_rows(named=True)
    assert (row["monitor"], row["entity"]) == ("chat/mass_dm", here.name(ANN))
    assert (row["score"], row["threshold"], row["times_threshold"]) == (6.0, 3.0, 2.0)
    assert (row["window_start"], row["window_end"]) == (at(0), at(1))
    assert json.loads(row["evidence"]) == {"recipients": 40, "text_hash": "ab12"}
    assert row["standing"]
    assert found.policy is not None
    assert (found.policy.id, found.policy.version) == ("spam", 1)
    assert (found.left_out, found.gone) == (0, 0)
    assert ANN not in str(found)


def test_what_somebody_wrote_is_told_by_its_length_alone() -> None:
    packed = json.dumps({"note": "call me at noon", "who": ["a@b.example", "acct-1"], "n": 3})
    assert json.loads(by_id(packed)) == {
        "note": "(15 characters)",
        "who": ["(11 characters)", "acct-1"],
        "n": 3,
    }
    assert by_id(None) == "{}"


def test_the_monitors_own_words_come_with_it(here: House) -> None:
    here.office.watch(SCRAPING)
    here.found(0, ANN, monitor=SCRAPING, harm="scraping")
    here.office.open(1.2)
    (told,) = shown(here).monitors
    assert (told.monitor, told.version) == (SCRAPING, 1)
    assert told.runbook == "docs/runbooks/scraping.md"
    assert told.behaviour
    assert told.misses
    assert told.false_alarms


def test_a_monitor_that_is_gone_is_named_without_words(here: House) -> None:
    here.found(0, ANN)
    here.office.open(1.2)
    (told,) = shown(here).monitors
    assert (told.monitor, told.behaviour) == ("chat/mass_dm", "")


def test_findings_over_the_limit_and_those_that_are_gone_are_counted(here: House) -> None:
    for hour in range(4):
        here.found(hour, ANN)
    here.office.open(4.2)
    here.lake.hour_path("findings/mass_dm", "chat", at(3)).unlink()
    found = shown(here, most=2)
    assert found.findings["window_start"].to_list() == [at(2)]
    assert (found.left_out, found.gone) == (2, 1)


def test_a_restricted_case_is_shown_to_those_with_its_skills_alone(here: House) -> None:
    here.found(0, ANN, harm="child_safety")
    here.office.open(1.2)
    with pytest.raises(CaseError, match="wants children, which ana does not have"):
        shown(here)
    assert shown(here, CARA).findings.height == 1
    with pytest.raises(PeopleError, match="none of which may 'review'"):
        shown(here, VIEWER)


def decided_cases(here: House) -> None:
    """Three decided cases: one of the same monitor with as much, one with more, one of another."""
    here.found(0, "near")
    here.office.open(1.2)
    here.office.decided(here.office.case_of(here.name("near")), 1.3, VIOLATING)
    for hour in range(2, 7):
        here.found(hour, "far")
    here.office.open(7.2)
    here.office.decided(here.office.case_of(here.name("far")), 7.3)
    here.found(8, "other", monitor=THEFT)
    here.office.open(9.2)
    here.office.decided(here.office.case_of(here.name("other"), THEFT), 9.3, BENIGN)


def test_similar_cases_share_a_monitor_first_and_then_are_nearest(here: House) -> None:
    decided_cases(here)
    here.found(10, ANN)
    here.office.open(11.2)
    case = here.office.case_of(here.name(ANN))
    with reading(here.engine) as connection:
        found = similar(connection, case.case_id)
    expected = [("near", "chat/mass_dm"), ("far", "chat/mass_dm"), ("other", "")]
    assert [(one.case_id, ",".join(one.monitors)) for one in found] == [
        (
            here.office.case_of(
                here.name(name), THEFT if name == "other" else "chat/mass_dm"
            ).case_id,
            by,
        )
        for name, by in expected
    ]
    assert [one.findings for one in found] == [1, 5, 1]
    assert found[0].distance < found[1].distance
    assert total(found) == {"violating": 1, "benign": 2, "insufficient": 0, "no_policy": 0}
    assert (found[0].policy_id, found[0].policy_version) == ("spam", 1)
    assert "ana" not in str(found)


def test_open_cases_are_no_precedent(here: House) -> None:
    here.found(0, ANN)
    here.found(1, BOB)
    here.office.open(2.2)
    case = here.office.case_of(here.name(ANN))
    with reading(here.engine) as connection:
        assert similar(connection, case.case_id) == []


def test_a_restricted_case_is_no_precedent_for_others(here: House) -> None:
    here.found(0, BOB, harm="child_safety")
    here.office.open(1.2)
    closed = here.office.case()
    here.office.decided(closed, 1.3, who=CARA, policy="child_safety")
    here.found(2, ANN)
    here.office.open(3.2)
    with reading(here.engine) as connection:
        assert similar(connection, here.office.case_of(here.name(ANN)).case_id) == []
    here.found(4, "eve", harm="child_safety")
    here.office.open(5.2)
    with reading(here.engine) as connection:
        found = similar(connection, here.office.case_of(here.name("eve")).case_id)
    assert [one.case_id for one in found] == [closed.case_id]
