from dataclasses import replace

import pytest

from monitors.contract import Severity
from orchestration.alerts.config import parse_config
from orchestration.escalation.ladders import Climbed
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.alerts.builders import THEFT, at, evaluation, finding
from tests.orchestration.escalation.builders import FIRED, MINUTE, ROSTER, ROTA, RULES, Night

ANN, BOB, CAT, ROOM = "U0ANN0001", "U0BOB0002", "U0CAT0003", "C0URGENT"


def test_nobody_is_called_while_nothing_fires(night: Night) -> None:
    night.tick(12)

    assert night.climb() == Climbed()
    assert night.rows("escalations") == []


def test_each_step_is_told_when_it_is_due_and_once(night: Night) -> None:
    night.fires()

    for minutes in (0, 0, 5, 10, 10, 15, 20, 49, 50, 60, 70, 70, 500):
        night.climb(minutes)

    first, again = [(0, ANN), (10, BOB), (20, ROOM)], [(50, ANN), (60, BOB), (70, ROOM)]
    assert night.called() == first + again


def test_a_message_names_thread_and_step_and_who_is_next_by_ids(night: Night) -> None:
    night.fires()
    night.climb(1)

    thread = night.thread().thread_id
    since, following = int(FIRED.timestamp()), int((FIRED + 10 * MINUTE).timestamp())
    assert night.payloads() == [
        {
            "thread": thread,
            "ladder": "urgent",
            "step": 1,
            "steps": 6,
            "to": "ann-1",
            "since": since,
            "next": "bob-2",
            "next_at": following,
        }
    ]


def test_the_lane_is_the_severity_and_each_move_a_row_of_the_audit(night: Night) -> None:
    night.fires(severity=Severity.S0)
    night.climb()
    night.climb(10)

    lanes = [row.lane for row in night.rows("outbox") if row.kind == "escalation"]
    acts = [(e.actor, e.object, e.reason) for e in night.audit("escalate")]
    thread = f"thread:{night.thread().thread_id}"
    assert lanes == [0, 0]
    assert acts == [
        ("system:escalation", thread, "begun: ladder urgent, 1 steps taken"),
        ("system:escalation", thread, "ladder urgent, 2 steps taken"),
    ]
    assert night.is_sound()


def test_a_repeated_tick_writes_nothing(night: Night) -> None:
    night.fires("a", "b")
    night.climb(10)
    before = night.everything()

    assert night.climb(10) == Climbed()
    assert night.everything() == before


def test_after_downtime_each_target_hears_of_its_latest_step_only(night: Night) -> None:
    night.fires()

    assert night.climb(65) == Climbed(begun=1, steps=3, messages=3)
    assert sorted(night.called()) == [(65, ROOM), (65, ANN), (65, BOB)]
    assert sorted(p["step"] for p in night.payloads()) == [3, 4, 5]
    night.climb(70)
    assert night.called()[-1] == (70, ROOM)


def test_an_ack_ends_it(night: Night) -> None:
    night.fires()
    night.climb()
    night.ack(5)

    night.climb(10)
    night.climb(120)

    assert night.called() == [(0, ANN)]
    assert night.climbs()[0]["stopped_by"] == "ann-1"


def test_when_an_ack_ends_it_begins_anew_from_the_first_step(night: Night) -> None:
    night.fires()
    night.climb()
    night.ack(5)
    night.climb(10)
    night.settle(246)  # an ack of S1 lasts four hours

    assert night.climb(246) == Climbed(begun=1, steps=1, messages=1)
    night.climb(256)

    assert night.called() == [(0, ANN), (246, ANN), (256, BOB)]


def test_an_assignment_ends_nothing(night: Night) -> None:
    night.fires()
    night.climb()
    night.assign(5)

    night.climb(10)

    assert night.called() == [(0, ANN), (10, BOB)]


def test_a_silence_pauses_it_where_it_was(night: Night) -> None:
    night.fires()
    night.climb()
    night.snooze(4, length=60)
    night.climb(4)
    night.climb(30)
    night.settle(64)

    night.climb(64)
    night.climb(69)
    night.climb(70)  # ten minutes after the first step, the hour left out
    night.climb(80)

    assert night.called() == [(0, ANN), (70, BOB), (80, ROOM)]


def test_an_ack_after_a_silence_ends_it_for_good(night: Night) -> None:
    night.fires()
    night.climb()
    night.snooze(4, length=60)
    night.climb(4)
    night.settle(64)
    night.ack(64)

    night.climb(64)

    assert night.called() == [(0, ANN)]
    assert night.climbs()[0]["stopped_by"] == "ann-1"


def test_what_is_resolved_calls_nobody_any_more(night: Night) -> None:
    night.fires()
    night.climb()
    night.tick(13)
    night.tick(14)

    stopped = night.climb(125)

    assert stopped == Climbed(stopped=1)
    assert [climb["stopped_by"] for climb in night.climbs()] == ["resolved"]
    assert night.called() == [(0, ANN)]


def test_a_new_alert_after_an_ack_of_the_others_calls_again(night: Night) -> None:
    night.fires("a")
    night.climb()
    night.ack(5)
    night.tick(13, finding(13, "b", severity=Severity.S1))

    night.climb(60)

    assert night.called() == [(0, ANN), (60, ANN)]


def test_one_that_comes_to_a_climb_under_way_does_not_set_it_back(night: Night) -> None:
    night.fires("a")
    night.climb()
    night.climb(20)
    night.tick(13, finding(13, "b", severity=Severity.S1))

    night.climb(60)

    assert night.called() == [(0, ANN), (20, BOB), (20, ROOM), (60, ANN), (60, BOB)]


def test_s2_waits_for_hours_and_a_rise_begins_the_urgent_ladder(night: Night) -> None:
    night.fires(severity=Severity.S2)
    night.climb()
    assert night.called() == []
    night.tick(13, finding(13, "a", severity=Severity.S1))

    night.climb(61)
    night.climb(71)

    assert night.called() == [(61, ANN), (71, BOB)]


def test_s2_is_told_within_its_hours(night: Night) -> None:
    night.fires(severity=Severity.S2)

    night.climb(234)  # 16:59
    night.climb(240)  # 17:05, four hours after, is past the close at 17:00
    night.climb(240 + 16 * 60 - 6)
    night.climb(240 + 16 * 60 - 5)  # 09:00

    assert night.called() == [(1195, CAT)]


def test_without_a_ladder_nobody_is_called(night: Night) -> None:
    night.watched = dict(night.watched)
    night.tick(
        12,
        finding(12, "k", monitor=THEFT, severity=Severity.S2),
        monitor=THEFT,
    )

    assert night.climb(600) == Climbed()


def test_a_ladder_that_was_changed_goes_on_at_its_count_of_steps(night: Night) -> None:
    night.fires()
    night.climb()
    night.climb(10)
    slower = ROTA.replace(
        "{wait: 10m, notify: {channel: C0URGENT}}", "{wait: 60m, notify: {channel: C0SLOW}}"
    )
    night.rules = replace(RULES, rota=parse_rota(slower, ROSTER))

    night.climb(20)
    night.climb(70)

    assert night.called() == [(0, ANN), (10, BOB), (70, "C0SLOW")]


def test_one_person_meant_twice_is_called_once(night: Night) -> None:
    night.fires()
    both = ROTA.replace(
        "{wait: 10m, notify: {oncall: chat-team, layer: 2}}", "{wait: 0m, notify: {person: ann-1}}"
    )
    night.rules = replace(RULES, rota=parse_rota(both, ROSTER))

    night.climb()

    assert night.called() == [(0, ANN)]
    assert night.payloads()[0]["step"] == 2


def test_of_many_threads_at_once_the_gravest_are_told_and_the_others_counted(
    night: Night,
) -> None:
    config = parse_config("routes: [{name: all, receiver: C0ABUSE, group_by: [entity]}]")
    night.config = config
    night.rules = replace(RULES, config=config)
    night.fires(*"abcdefgh")

    done = night.climb()

    assert done == Climbed(begun=8, steps=8, messages=5)
    (last,) = [payload for payload in night.payloads() if "n_also" in payload]
    assert last["n_also"] == 3
    assert len(last["also"]) == 3
    assert {row.pointer for row in night.rows("escalations")} == {1}


def test_what_is_told_at_two_receivers_calls_once(night: Night) -> None:
    config = parse_config(
        "routes:\n"
        "- {name: copy, receiver: C0COPY, match: ['severity=\"S1\"'], continue: true}\n"
        "- {name: all, receiver: C0ABUSE}\n"
    )
    night.config = config
    night.rules = replace(RULES, config=config)
    night.fires()

    assert night.climb() == Climbed(begun=1, steps=1, messages=1)
    assert [payload["thread"] for payload in night.payloads()] == [night.thread("C0COPY").thread_id]


def test_a_rise_to_another_channel_ends_the_climb_in_the_old_one(night: Night) -> None:
    config = parse_config(
        "routes:\n"
        "- {name: urgent, receiver: C0URGENT, match: ['severity=\"S1\"']}\n"
        "- {name: rest, receiver: C0ABUSE}\n"
    )
    night.config = config
    night.rules = replace(RULES, config=config)
    night.fires(severity=Severity.S2)
    night.climb()
    night.tick(13, finding(13, "a", severity=Severity.S1))

    done = night.climb(60)

    assert done == Climbed(begun=1, stopped=1, steps=1, messages=1)
    assert night.called() == [(60, ANN)]


@pytest.mark.parametrize("minutes", [-30, -1])
def test_a_clock_put_back_calls_nobody_twice(night: Night, minutes: int) -> None:
    night.fires()
    night.climb()

    night.climb(minutes)
    night.climb(1)

    assert night.called() == [(0, ANN)]


def test_stale_evaluations_leave_it_climbing(night: Night) -> None:
    night.fires()
    night.climb()
    night.step(14 + 1 / 12, evaluation(13, status="stale"))
    night.step(15 + 1 / 12, evaluation(14, status="failed"))

    night.climb(125)

    assert at(15 + 1 / 12) == FIRED + 120 * MINUTE
    assert night.climbs()[0]["stopped_by"] is None
