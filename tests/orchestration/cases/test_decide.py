from datetime import timedelta

import pytest
from sqlalchemy import insert

from monitors.contract import Severity
from orchestration.cases.decide import Decided, decide
from orchestration.cases.errors import CaseError
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.reopen import reopen
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import Source, labels_on
from orchestration.ledger.tables import reports
from orchestration.measurement.quality import quality
from orchestration.policies.errors import PolicyError
from tests.orchestration.alerts.builders import SPAM, THEFT, at
from tests.support.cases import ANA, BEN, BENIGN, VIOLATING, Office

NO_POLICY, INSUFFICIENT = Outcome(Verdict.NO_POLICY), Outcome(Verdict.INSUFFICIENT)
RESTRICT = Outcome(Verdict.VIOLATING, "restrict_messaging")


def report(office: Office, report_id: str, target: str) -> None:
    """A user's report that belongs to the only case."""
    row = {
        "report_id": report_id,
        "product": "chat",
        "reporter": "account_000000000001",
        "target_type": "account_id",
        "target": target,
        "reason": "spam",
        "at": at(1),
        "weight": 0.5,
        "case_id": office.case().case_id,
    }
    with writing(office.engine) as connection:
        connection.execute(insert(reports), row)


def judge(
    office: Office,
    chosen: dict[str, Outcome],
    policy: str | None,
    *,
    confidence: float | None = None,
) -> Decided:
    """Ana decides the only case."""
    return decide(
        office.engine,
        ANA,
        office.case().case_id,
        chosen,
        policy,
        terms=office.terms,
        now=at(2.1),
        confidence=confidence,
    )


def refused(office: Office, chosen: dict[str, Outcome], policy: str | None, text: str) -> None:
    """Deciding the only case, which Ana reviews, is refused and changes nothing."""
    before = office.desk.everything()
    with pytest.raises(CaseError, match=text):
        judge(office, chosen, policy)
    assert office.desk.everything() == before


def in_review(office: Office, *entities: str) -> list[str]:
    """One case that Ana reviews; the ids of its alerts, by entity."""
    office.links = {name: ["ring"] for name in entities}
    office.found(0, *entities)
    office.open(1.2)
    office.reviewed(office.case(), 2)
    return [office.alert(name).alert_id for name in entities]


def test_a_decision_pins_its_policy_closes_the_case_and_labels_its_alerts(
    office: Office,
) -> None:
    a, b, c = in_review(office, "a", "b", "c")
    done = judge(office, {a: RESTRICT, b: BENIGN, c: INSUFFICIENT}, "spam", confidence=0.9)
    policy = office.terms.policies.of("spam")
    (row,) = office.rows("decisions")
    assert row["decision_id"] == done.decision_id
    assert (row["policy_id"], row["policy_version"]) == ("spam", policy.version)
    assert (row["ground"], row["decider"], row["acted"]) == ("terms", "ana", False)
    assert (row["automated_detection"], row["automated_decision"]) == (True, "not")
    assert (row["confidence"], row["supersedes"]) == (0.9, None)
    said = {str(one["unit"]): (one["outcome"], one["action"]) for one in office.rows("outcomes")}
    assert said == {
        a: ("violating", "restrict_messaging"),
        b: ("benign", None),
        c: ("insufficient", None),
    }
    with reading(office.engine) as connection:
        labels = {label.unit_id: label for label in labels_on(connection, [a, b, c])}
    assert {unit: label.value for unit, label in labels.items()} == {a: True, b: False}
    assert labels[a].policy_version == f"spam/{policy.version}"
    case = office.case()
    assert case == done.case
    assert (case.state, case.decided_at, case.closed_at) == (CaseState.CLOSED, at(2.1), at(2.1))
    assert case.reopen_until == at(2.1) + timedelta(days=14)
    assert (case.leased_by, case.assignee) == (None, "ana")
    assert office.is_sound()


def test_units_drawn_before_count_for_precision_and_others_are_only_labels(
    office: Office,
) -> None:
    names = [f"n{number}" for number in range(40)]
    in_review(office, *names)
    chosen = {alert.alert_id: BENIGN for alert in office.members(office.case()).alerts}
    judge(office, chosen, "spam")
    labels = office.rows("labels")
    drawn = [row for row in labels if row["source"] == Source.RANDOM]
    rest = [row for row in labels if row["source"] == Source.CASE]
    assert len(drawn) + len(rest) == 40
    assert {(row["inclusion_prob"], row["stratum"]) for row in drawn} == {(0.5, "uniform")}
    assert {(row["inclusion_prob"], row["stratum"]) for row in rest} == {(None, None)}
    with reading(office.engine) as connection:
        found = quality(connection, SPAM, 1, at(3))
    assert (found.n, found.k) == (len(drawn), 0)
    assert found.n > 0


def test_every_alert_of_the_case_has_an_outcome(office: Office) -> None:
    a, _ = in_review(office, "a", "b")
    refused(office, {a: BENIGN}, "spam", "1 of 2 units of the case have no outcome")
    refused(office, {}, "spam", "2 of 2 units")


def test_an_alert_that_joined_meanwhile_is_looked_at_before_the_case_is_decided(
    office: Office,
) -> None:
    (a,) = in_review(office, "a")
    office.found(1, "a", monitor=THEFT)
    office.open(2.05)
    refused(office, {a: BENIGN}, "spam", "some may have come since")


def test_outcomes_of_other_units_are_refused(office: Office) -> None:
    (a,) = in_review(office, "a")
    refused(office, {a: BENIGN, "x": BENIGN}, "spam", "1 outcomes are of no unit")


def test_what_is_violating_violates_a_policy_and_only_it_has_an_action(office: Office) -> None:
    (a,) = in_review(office, "a")
    refused(office, {a: VIOLATING}, None, "no policy is named")
    refused(office, {a: Outcome(Verdict.BENIGN, "warn")}, "spam", "leave the action out")
    refused(office, {a: NO_POLICY}, "spam", "No policy fits, and 'spam' is named")


def test_an_action_is_one_that_rules_have_and_the_policy_allows(office: Office) -> None:
    (a,) = in_review(office, "a")

    def violating(action: str) -> dict[str, Outcome]:
        return {a: Outcome(Verdict.VIOLATING, action)}

    refused(office, violating("hold_payments"), "spam", "is not allowed by the policy 'spam'")
    refused(office, violating("suspend_acount"), "spam", "did you mean 'suspend_account'")
    refused(office, violating("throttle_key"), "model_extraction", "not to account_id")
    with pytest.raises(PolicyError, match="there is no policy 'spams'"):
        judge(office, {a: BENIGN}, "spams")


def test_what_only_people_do_is_always_allowed(office: Office) -> None:
    (a,) = in_review(office, "a")
    done = judge(office, {a: Outcome(Verdict.VIOLATING, "review")}, "spam")
    assert done.case.state is CaseState.CLOSED


def test_only_who_has_the_case_in_review_decides_it(office: Office) -> None:
    (a,) = in_review(office, "a")
    for who, hour, text in ((BEN, 2.1, "ben does not have"), (ANA, 2.6, "had the case")):
        with pytest.raises(CaseError, match=text):
            decide(
                office.engine,
                who,
                office.case().case_id,
                {a: BENIGN},
                "spam",
                terms=office.terms,
                now=at(hour),
            )
    assert office.rows("decisions") == []


def test_a_confidence_is_a_share(office: Office) -> None:
    (a,) = in_review(office, "a")
    with pytest.raises(CaseError, match="wanted 0 to 1"):
        judge(office, {a: BENIGN}, "spam", confidence=90)


def test_where_no_policy_fits_a_gap_is_opened_and_nothing_is_labelled(office: Office) -> None:
    (a,) = in_review(office, "a")
    judge(office, {a: NO_POLICY}, None)
    (gap,) = office.rows("gaps")
    assert (gap["kind"], gap["product"], gap["harm"]) == ("no_policy", "chat", "spam")
    assert (gap["case_id"], gap["opened_by"]) == (office.case().case_id, "ana")
    assert gap["closed_at"] is None
    assert office.rows("labels") == []


def test_a_later_decision_supersedes_the_earlier_one_with_its_labels(office: Office) -> None:
    (a,) = in_review(office, "a")
    terms, case_id = office.terms, office.case().case_id
    one = decide(office.engine, ANA, case_id, {a: VIOLATING}, "spam", terms=terms, now=at(2.1))
    reopen(office.engine, BEN, case_id, reason="new evidence", terms=terms, now=at(3))
    office.reviewed(office.case(), 3.1, BEN)
    two = decide(office.engine, BEN, case_id, {a: BENIGN}, "spam", terms=terms, now=at(3.2))
    supersedes = {row["decision_id"]: row["supersedes"] for row in office.rows("decisions")}
    assert supersedes == {one.decision_id: None, two.decision_id: one.decision_id}
    labels = {row["label_id"]: row for row in office.rows("labels")}
    (last,) = [row for row in labels.values() if row["supersedes"]]
    assert (last["value"], last["rater"]) == (False, "ben")
    assert labels[str(last["supersedes"])]["value"] is True


def test_reports_of_the_case_become_valid_or_dismissed(office: Office) -> None:
    a, b, c = in_review(office, "a", "b", "c")
    for name in ("a", "b", "c", "z"):
        report(office, f"r{name}", name)
    judge(office, {a: VIOLATING, b: BENIGN, c: INSUFFICIENT}, "spam")
    valid = {row["report_id"]: row["valid"] for row in office.rows("reports")}
    assert valid == {"ra": True, "rb": False, "rc": None, "rz": True}
    assert [act.verb for act in office.acts() if act.object.startswith("case_reports")] == [
        "confirm",
        "dismiss",
    ]


def test_a_case_is_reopened_by_hand_within_its_window_only(office: Office) -> None:
    in_review(office, "a")
    case_id = office.case().case_id
    with pytest.raises(CaseError, match="wanted closed"):
        reopen(office.engine, ANA, case_id, reason="why", terms=office.terms, now=at(2.1))
    chosen = {alert.alert_id: BENIGN for alert in office.members(office.case()).alerts}
    decide(office.engine, ANA, case_id, chosen, "spam", terms=office.terms, now=at(2.1))
    late = at(2.1) + timedelta(days=14, seconds=1)
    with pytest.raises(CaseError, match="becomes a new case"):
        reopen(office.engine, ANA, case_id, reason="why", terms=office.terms, now=late)
    again = reopen(
        office.engine,
        ANA,
        case_id,
        reason="new evidence",
        terms=office.terms,
        now=late - timedelta(seconds=1),
    )
    assert (again.state, again.reopens, again.severity) == (CaseState.TRIAGED, 1, Severity.S2)
    assert office.is_sound()
