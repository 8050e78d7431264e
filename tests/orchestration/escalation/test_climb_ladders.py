from dataclasses import replace

import pytest

from monitors.contract import Severity
from orchestration.alerts.config import parse_config
from orchestration.escalation.ladders import Climbed
from orchestration.oncall.rota_yaml import parse_rota
from tests.orchestration.alerts.builders import THEFT, at, evaluation, finding
from tests.orchestration.escalation.builders import FIRED, MINUTE, ROSTER, ROTA, RULES, Night

ANN, BOB, CAT, ROOM = "U0ANN0001", "U0BOB0002", "U0CAT0003", "C0URGENT"


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
