from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from monitors.contract import Mode, Severity
from orchestration.ledger.case_states import CaseState
from tests.orchestration.alerts.builders import SPAM, THEFT, at, evaluation, finding
from tests.orchestration.intake.builders import Watch, contents, emptied
from tests.support.cases import Office


def test_an_alert_becomes_a_case_with_queue_score_clock_and_audit(office: Office) -> None:
    office.found(0, "a")
    assert office.open(1.2) == (1, 0, 0)
    case = office.case()
    assert (case.queue, case.rule, case.restricted) == ("general", "default", False)
    assert (case.state, case.source, case.harm) == (CaseState.TRIAGED, "alert", "spam")
    assert (case.product, case.severity) == ("chat", Severity.S2)
    assert case.opened_at == at(1.2)
    assert case.first_action_due == at(1.2 + 4)
    assert case.resolve_due == at(1.2 + 24)
    assert case.score == pytest.approx(sum(case.contributions.values()))
    assert set(case.contributions) == {"severity", "reach", "vulnerability", "repeat", "age"}
    assert office.members(case).entities == [("account_id", "a")]
    acts = [(act.verb, act.object.split(":")[0]) for act in office.acts()]
    assert acts == [("join", "case_alerts"), ("open", "case"), ("triage", "case")]
    assert office.is_sound()


def test_opening_twice_changes_nothing(office: Office) -> None:
    office.found(0, "a", "b")
    office.found(0, "a", monitor=THEFT)
    assert office.open(1.2) == (2, 0, 0)
    before = contents(office.engine)
    assert office.open(1.2) == (0, 0, 0)
    assert office.open(9) == (0, 0, 0)
    assert contents(office.engine) == before


@pytest.mark.parametrize("mode", [Mode.DRAFT, Mode.SHADOW])
def test_alerts_of_monitors_that_only_watch_open_nothing(office: Office, mode: Mode) -> None:
    office.watch(SPAM, mode)
    office.found(0, "a")
    assert office.open(1.2) == (0, 0, 0)


def test_alerts_of_a_monitor_that_acts_by_itself_open_cases_too(office: Office) -> None:
    office.watch(SPAM, Mode.AUTO)
    office.found(0, "a")
    assert office.open(1.2) == (1, 0, 0)


def test_a_replay_opens_nothing(office: Office) -> None:
    office.take(900, evaluation(0, intent="replay"), finding(0, "a"))
    assert office.rows("alerts") == []
    assert office.open(901.2) == (0, 0, 0)


def test_an_acked_alert_opens_a_case(office: Office) -> None:
    office.found(0, "a")
    Watch(office.engine, office.desk.config, office.desk.watched).ack(
        1.1, office.alert("a").alert_id
    )
    assert office.open(1.2) == (1, 0, 0)


def test_a_resolved_alert_opens_nothing(office: Office) -> None:
    office.found(0, "a")
    for hour in range(1, 8):
        office.found(hour)
    assert office.alert("a").state == "resolved"
    assert office.open(8.2) == (0, 0, 0)


def test_alerts_on_one_entity_are_one_case(office: Office) -> None:
    office.found(0, "a", "b")
    office.found(0, "a", monitor=THEFT)
    assert office.open(1.2) == (2, 0, 0)
    assert office.case_of("a") == office.case_of("a", THEFT)
    assert office.case_of("a") != office.case_of("b")


def test_linked_entities_are_one_case_now_and_later(office: Office) -> None:
    office.links = {"a": ["ring"], "b": ["ring"], "c": ["ring"]}
    office.found(0, "a", "b")
    assert office.open(1.2) == (1, 0, 0)
    office.found(1, "c")
    assert office.open(2.2) == (0, 1, 0)
    assert office.entities(office.case()) == ["a", "b", "c"]


def test_a_new_alert_joins_the_open_case_of_its_entity(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.found(1, "a", monitor=THEFT)
    assert office.open(2.2) == (0, 1, 0)
    case = office.case()
    assert len(office.members(case).alerts) == 2
    assert office.is_sound()


def test_a_growing_alert_is_counted_and_scored_anew_without_an_act(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    before = office.case()
    office.found(1, "a")
    assert office.open(2.2) == (0, 1, 0)
    after = office.case()
    assert [row["findings"] for row in office.rows("case_alerts")] == [2]
    assert (after.revision, after.changed_at) == (before.revision + 1, before.changed_at)
    assert (after.score or 0) > (before.score or 0)
    assert office.open(2.2) == (0, 0, 0)


def test_restricted_queues_stay_apart_from_others_and_from_each_other(office: Office) -> None:
    office.found(0, "a")
    office.found(0, "a", monitor=THEFT, harm="child_safety")
    office.watch("live/care")
    office.found(0, "a", monitor="live/care", harm="self_harm")
    assert office.open(1.2) == (3, 0, 0)
    found = {case.queue: case.restricted for case in office.cases()}
    assert found == {"general": False, "children": True, "care": True}
    office.watch("live/contact")
    office.found(1, "a", monitor="live/contact", harm="child_safety")
    assert office.open(2.2) == (0, 1, 0)
    assert office.case_of("a", "live/contact").queue == "children"


def test_the_case_rises_with_its_alerts_and_is_due_earlier(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.found(5, "a", monitor=THEFT, severity=Severity.S0)
    assert office.open(6.2) == (0, 1, 0)
    case = office.case()
    assert case.severity is Severity.S0
    assert case.first_action_due == at(1.2 + 4)  # it was due before, and stays so
    assert case.resolve_due == at(6.2 + 2)
    assert [entry.verb for entry in office.desk.audit("raise")] == ["raise"]
    assert office.is_sound()


def test_a_clock_that_would_be_due_later_is_left_alone(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.found(20, "a", severity=Severity.S1)
    office.open(21.2)
    assert (office.case().severity, office.case().resolve_due) == (Severity.S1, at(25.2))


def test_a_graver_alert_takes_a_waiting_case_to_its_own_queue(office: Office) -> None:
    office.found(0, "a")
    office.open(1.2)
    office.found(1, "a", monitor=THEFT, severity=Severity.S1, harm="fraud_scams")
    office.open(2.2)
    assert (office.case().queue, office.case().rule) == ("fraud", "fraud")


def test_a_full_cluster_takes_no_more(office: Office) -> None:
    office.set(largest_cluster=2)
    office.links = {name: ["ring"] for name in "abcdefg"}
    office.found(0, "a", "b", "c")
    assert office.open(1.2) == (2, 0, 0)
    office.found(1, "d", "e")
    office.open(2.2)
    sizes = sorted(len(office.members(case).alerts) for case in office.cases())
    assert sum(sizes) == 5
    assert max(sizes) == 2


def test_the_measured_precision_of_its_monitor_is_part_of_the_score(office: Office) -> None:
    office.terms = replace(office.terms, share=1.0)
    names = [f"n{number}" for number in range(14)]
    office.found(0, *names)
    office.open(1.2)
    for case in office.cases():
        office.decided(case, 2)
    office.found(1, "z")
    office.open(2.2)
    assert office.case_of("z").contributions["violating"] == 0.0


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    hours=st.lists(
        st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from([SPAM, THEFT]))), max_size=4
    )
)
def test_every_firing_alert_is_in_exactly_one_current_case(
    ledger: Engine, hours: list[set[tuple[str, str]]]
) -> None:
    emptied(ledger)
    office = Office(ledger, links={"c": ["ring"], "d": ["ring"]})
    for hour, found in enumerate(hours):
        for monitor in (SPAM, THEFT):
            office.found(
                hour, *sorted(name for name, of in found if of == monitor), monitor=monitor
            )
        office.open(hour + 1.2)
    current = [row["alert_id"] for row in office.rows("case_alerts") if row["current"]]
    assert len(current) == len(set(current))
    firing = {alert.alert_id for alert in office.desk.alerts() if alert.state == "firing"}
    assert firing <= set(current)
    assert office.is_sound()
