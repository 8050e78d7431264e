from dataclasses import replace

import pytest

from monitors.contract import Severity
from orchestration.alerts.actions import lower
from orchestration.alerts.errors import AlertError
from orchestration.alerts.keys import dedup_key
from orchestration.alerts.life import moved
from orchestration.alerts.records import AlertState
from tests.orchestration.alerts.builders import CONFIG, HOUR, SPAM, Desk, at, evaluation, finding


def test_a_finding_opens_an_alert_that_fires_and_is_told_at_once() -> None:
    desk = Desk()
    result = desk.tick(0, finding(0))
    (alert,) = desk.state.alerts.values()
    assert alert.state == AlertState.FIRING
    assert alert.key == dedup_key(SPAM, "a", "spam")
    assert [(o.kind, o.alert_id) for o in result.outcomes] == [("new", alert.alert_id)]
    assert [(i.receiver, i.reason, i.changes) for i in result.intents] == [
        ("#abuse", "first", ((alert.alert_id, "first"),))
    ]


def test_each_entity_has_its_own_alert_and_a_group_is_told_once() -> None:
    desk = Desk()
    result = desk.tick(0, finding(0, "a"), finding(0, "b"))
    assert len(desk.state.alerts) == 2
    assert [len(intent.changes) for intent in result.intents] == [2]


def test_a_finding_of_an_open_alert_is_counted_and_not_told() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    result = desk.tick(1, finding(1))
    assert [o.kind for o in result.outcomes] == ["duplicate"]
    assert desk.alert().count == 2
    assert desk.reasons() == ["first"]


def test_it_resolves_after_two_clean_evaluations_and_says_so() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1)
    assert desk.alert().state == AlertState.FIRING
    desk.tick(2)
    assert desk.alert().state == AlertState.RESOLVED
    assert desk.reasons() == ["first", "resolved"]


def test_clean_evaluations_must_reach_as_far_as_is_asked() -> None:
    desk = Desk(replace(CONFIG, clean_for=4 * HOUR))
    desk.tick(0, finding(0))
    for hour in (1, 2, 3):
        desk.tick(hour)
        assert desk.alert().state == AlertState.FIRING
    desk.tick(4)
    assert desk.alert().state == AlertState.RESOLVED


@pytest.mark.parametrize("status", ["stale", "failed"])
def test_an_evaluation_that_did_not_run_is_not_clean_and_takes_nothing_back(status: str) -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2, status=status)
    desk.tick(3, status=status)
    assert desk.alert().state == AlertState.FIRING
    desk.tick(4)
    assert desk.alert().state == AlertState.RESOLVED


def test_a_source_that_is_stale_now_keeps_alerts_open_however_clean_it_was() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    evaluations = (evaluation(1), evaluation(2), evaluation(3, status="stale"))
    desk.step(4.1, *evaluations)
    assert desk.alert().state == AlertState.FIRING
    desk.tick(4)
    assert desk.alert().state == AlertState.RESOLVED


def test_an_hour_that_is_not_over_is_not_clean() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.step(1.5, evaluation(1, as_of=at(1.5)))
    desk.step(2.5, evaluation(1), evaluation(2, as_of=at(2.5)))
    assert desk.alert().state == AlertState.FIRING
    desk.step(3.2, evaluation(2))
    assert desk.alert().state == AlertState.RESOLVED


def test_other_monitors_evaluations_resolve_nothing() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1, monitor="api/key_theft")
    desk.tick(2, monitor="api/key_theft")
    assert desk.alert().state == AlertState.FIRING


def test_a_backlog_that_has_gone_clean_still_tells_what_it_found() -> None:
    desk = Desk()
    hours = (evaluation(0), evaluation(1), evaluation(2), evaluation(3))
    desk.step(4.1, *hours, found=(finding(0),))
    assert desk.reasons() == ["first"]
    desk.step(4.2)
    assert desk.reasons() == ["first", "resolved"]


def test_an_alert_that_fires_again_soon_flaps_and_says_so() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2)
    desk.tick(3, finding(3))
    alert = desk.alert()
    assert (alert.state, alert.flaps, alert.count) == (AlertState.FIRING, 1, 2)
    assert desk.reasons() == ["first", "resolved", "flapping"]


def test_an_alert_that_fires_again_later_does_not_flap_and_is_the_same_alert() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2)
    before = desk.alert().alert_id
    desk.tick(20, finding(20))
    assert (desk.alert().alert_id, desk.alert().flaps, desk.alert().fires) == (before, 0, 1)
    assert desk.reasons() == ["first", "resolved", "first"]


def test_an_episode_ends_after_seven_quiet_days_and_the_next_is_another_alert() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2)
    before = desk.alert().alert_id
    assert desk.step(7 * 24 + 3).closed == ()
    (closed,) = desk.step(7 * 24 + 3.1).closed
    assert (closed.alert_id, closed.state) == (before, AlertState.CLOSED)
    assert (desk.state.alerts, desk.state.told) == ({}, {})
    desk.tick(7 * 24 + 3, finding(7 * 24 + 3))
    assert desk.alert().alert_id != before
    assert desk.reasons() == ["first", "resolved", "first"]


def test_a_firing_alert_is_never_closed() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.step(30 * 24)
    assert desk.alert().state == AlertState.FIRING


def test_an_ack_stops_repeats_until_it_ends() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.ack(2)
    desk.step(10)
    assert desk.alert().state == AlertState.ACKED
    desk.step(26)
    assert (desk.alert().state, desk.alert().ack) == (AlertState.FIRING, None)
    assert desk.reasons() == ["first", "ack_expired"]


def test_a_second_ack_is_refused_and_names_the_first() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.ack(2)
    with pytest.raises(AlertError, match="was acked by ana at 02:00 until 2026-03-03 02:00"):
        desk.ack(3)


def test_a_worse_finding_raises_an_acked_alert_and_ends_the_ack() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.ack(1.5)
    desk.tick(1, finding(1, severity=Severity.S1))
    alert = desk.alert()
    assert (alert.state, alert.severity, alert.ack) == (AlertState.FIRING, Severity.S1, None)
    assert desk.reasons() == ["first", "escalated"]


def test_severity_does_not_fall_by_itself() -> None:
    desk = Desk()
    desk.tick(0, finding(0, severity=Severity.S1))
    desk.tick(1, finding(1, severity=Severity.S3))
    assert desk.alert().severity == Severity.S1


def test_a_severity_that_a_person_lowered_stays_until_something_worse_is_found() -> None:
    desk = Desk()
    desk.tick(0, finding(0, severity=Severity.S2))
    one = desk.alert().alert_id
    desk.state = lower(desk.state, alert_id=one, severity=Severity.S3, by="ana", reason="a test")
    desk.tick(1, finding(1, severity=Severity.S2))
    assert desk.alert().severity == Severity.S3
    desk.tick(2, finding(2, severity=Severity.S1))
    assert desk.alert().severity == Severity.S1


def test_lowering_needs_a_person_a_reason_and_a_lesser_severity() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    one = desk.alert().alert_id
    with pytest.raises(AlertError, match="needs an actor and a reason"):
        lower(desk.state, alert_id=one, severity=Severity.S3, by="ana", reason=" ")
    with pytest.raises(AlertError, match="is S2 and cannot be lowered to S1"):
        lower(desk.state, alert_id=one, severity=Severity.S1, by="ana", reason="a test")


def test_a_move_that_no_life_has_is_refused() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    with pytest.raises(AlertError, match=r"is firing and cannot become closed; wanted one of"):
        moved(desk.alert(), AlertState.CLOSED, now=at(2))
