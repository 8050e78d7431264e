from datetime import timedelta

from monitors.contract import Severity
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.rules import Route
from tests.orchestration.alerts.builders import (
    HOUR,
    HOURLY,
    MINUTE,
    SPAM,
    THEFT,
    Desk,
    evaluation,
    finding,
)

PAGER = Route("urgent", "#pager", (parse_matcher('severity=~"S0|S1"'),))


def test_the_first_matching_route_tells_and_one_that_goes_on_lets_the_next_tell_too() -> None:
    desk = Desk()
    desk.set(routes=(PAGER, HOURLY))
    desk.tick(0, finding(0, "a", severity=Severity.S1), finding(0, "b"))
    assert [(i.receiver, len(i.changes)) for i in desk.told] == [("#abuse", 1), ("#pager", 1)]
    both = Desk()
    both.set(routes=(Route("urgent", "#pager", PAGER.matchers, goes_on=True), HOURLY))
    both.tick(0, finding(0, "a", severity=Severity.S1), finding(0, "b"))
    assert [(i.receiver, len(i.changes)) for i in both.told] == [("#abuse", 2), ("#pager", 1)]


def test_alerts_are_grouped_by_the_labels_of_their_route() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#abuse", group_by=("product", "entity")),))
    desk.tick(0, finding(0, "a"), finding(0, "b"))
    assert sorted(intent.labels for intent in desk.told) == [
        (("product", "chat"), ("entity", "a")),
        (("product", "chat"), ("entity", "b")),
    ]


def test_a_group_waits_before_its_first_notice() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#abuse", group_wait=10 * MINUTE),))
    desk.step(1.1, evaluation(0), found=(finding(0),))
    desk.step(1.2)
    assert desk.reasons() == []
    desk.step(1.3)
    assert desk.reasons() == ["first"]


def test_new_alerts_of_a_told_group_wait_for_its_interval() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#abuse", group_interval=2 * HOUR),))
    desk.tick(0, finding(0, "a"))
    desk.tick(1, finding(1, "a"), finding(1, "b"))
    assert desk.reasons() == ["first"]
    desk.tick(2, finding(2, "a"), finding(2, "c"))
    assert desk.reasons() == ["first", "new_in_group"]
    assert len(desk.told[1].changes) == 2


def test_s0_and_a_rise_wait_for_nothing() -> None:
    desk = Desk()
    slow = Route(
        "all", "#abuse", group_wait=HOUR, group_interval=24 * HOUR, repeat_interval=24 * HOUR
    )
    desk.set(routes=(slow,))
    desk.tick(0, finding(0, "a", severity=Severity.S0))
    desk.tick(1, finding(1, "b", severity=Severity.S0), finding(1, "c"))
    desk.tick(2, finding(2, "c", severity=Severity.S1))
    assert desk.reasons() == ["first", "new_in_group", "escalated"]


def test_what_still_fires_is_repeated_after_the_interval_and_not_before() -> None:
    desk = Desk()
    desk.step(1, evaluation(0), found=(finding(0),))
    for hour in (2, 4.99, 5, 6, 9):
        desk.step(hour)
    assert desk.reasons() == ["first", "repeat", "repeat"]
    assert len({intent.state_hash for intent in desk.told}) == 3


def test_ticks_that_were_missed_are_not_made_up_for() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.step(48)
    assert desk.reasons() == ["first", "repeat"]


def test_what_fired_and_resolved_before_anybody_was_told_is_not_told() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#a", group_interval=24 * HOUR, repeat_interval=24 * HOUR),))
    desk.tick(0, finding(0, "a"))
    desk.tick(1, finding(1, "a"), finding(1, "b"))
    desk.tick(2, finding(2, "a"))
    desk.tick(3, finding(3, "a"))
    desk.step(26)
    assert desk.alert("b").state == "resolved"
    assert desk.reasons() == ["first", "repeat"]


def test_a_route_may_keep_ends_to_itself() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#abuse", send_resolved=False),))
    desk.tick(0, finding(0))
    desk.tick(1)
    desk.tick(2)
    desk.tick(20, finding(20))
    assert desk.reasons() == ["first", "first"]


def test_a_changed_receiver_and_a_shorter_repeat_apply_to_open_alerts_at_once() -> None:
    desk = Desk()
    desk.tick(0, finding(0))
    desk.set(routes=(Route("all", "#abuse", repeat_interval=timedelta(minutes=30)),))
    desk.step(2)
    assert desk.reasons() == ["first", "repeat"]
    desk.set(routes=(Route("all", "#elsewhere"),))
    desk.step(2.1)
    assert [intent.receiver for intent in desk.told] == ["#abuse", "#abuse", "#elsewhere"]


def test_settings_that_change_back_say_nothing_twice() -> None:
    desk = Desk()
    before = desk.config
    desk.tick(0, finding(0))
    desk.set(routes=(Route("other", "#elsewhere"),))
    desk.step(1.2)
    desk.config = before
    desk.step(1.3)
    assert [intent.receiver for intent in desk.told] == ["#abuse", "#elsewhere"]


def test_an_alert_that_moves_to_a_graver_route_ends_in_its_first_thread_too() -> None:
    desk = Desk()
    desk.set(routes=(PAGER, HOURLY))
    desk.tick(0, finding(0))
    desk.tick(1, finding(1, severity=Severity.S1))
    desk.tick(2)
    desk.tick(3)
    assert [(intent.receiver, intent.reason.value) for intent in desk.told] == [
        ("#abuse", "first"),
        ("#pager", "escalated"),
        ("#abuse", "resolved"),
        ("#pager", "resolved"),
    ]


def test_more_new_groups_than_a_storm_are_one_summary_each_receiver_and_s0_stands_apart() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#abuse", group_by=("entity",)),), storm=3)
    grave = finding(0, "grave", severity=Severity.S0)
    result = desk.tick(0, grave, *(finding(0, f"e{n}") for n in range(4)))
    assert [(i.reason, i.severity, len(i.groups)) for i in result.intents] == [
        ("first", Severity.S0, 0),
        ("storm", Severity.S2, 4),
    ]
    assert desk.step(1.2).intents == ()


def test_as_many_groups_as_a_storm_are_told_one_by_one() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#abuse", group_by=("entity",)),), storm=3)
    desk.tick(0, *(finding(0, f"e{n}") for n in range(3)))
    assert desk.reasons() == ["first", "first", "first"]


def test_repeats_after_a_storm_are_one_summary_again() -> None:
    desk = Desk()
    desk.set(routes=(Route("all", "#abuse", group_by=("entity",)),), storm=3)
    desk.tick(0, *(finding(0, f"e{n}") for n in range(4)))
    desk.step(5.2)
    assert desk.reasons() == ["storm", "storm"]
    assert desk.told[0].state_hash != desk.told[1].state_hash


def test_monitors_are_told_apart() -> None:
    desk = Desk()
    desk.step(
        1.1,
        evaluation(0),
        evaluation(0, monitor=THEFT),
        found=(finding(0), finding(0, monitor=THEFT)),
    )
    assert {intent.labels for intent in desk.told} == {(("monitor", SPAM),), (("monitor", THEFT),)}
