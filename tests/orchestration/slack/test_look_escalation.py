import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Severity
from monitors.registry import Registry
from orchestration.alerts.config import parse_config
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.ledger.outbox import waiting
from orchestration.outbox.work import alone
from orchestration.slack import look_escalation, look_handover
from orchestration.slack.look import Scene
from orchestration.slack.message import Message
from tests.orchestration.alerts.builders import finding
from tests.orchestration.escalation.builders import RULES, TEAMS, Night
from tests.orchestration.escalation.builders import night as of
from tests.orchestration.escalation.test_handover import TUESDAY, tell

LOOKS = {"escalation": look_escalation.message, "handover": look_handover.message}


@pytest.fixture
def night(ledger: Engine) -> Night:
    return of(ledger)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(
        lake=Lake(str(tmp_path / "lake")),
        registry=Registry({}, {}),
        watched=TEAMS,
        rules=RULES,
        dagster_url="https://dagster.example.com",
        interactive=True,
    )


def messages(night: Night, scene: Scene, kind: str, minutes: float) -> list[Message]:
    now = night.after(minutes)
    with reading(night.engine) as connection:
        works = [alone(row) for row in waiting(connection, now, 100) if row.kind == kind]
        return [LOOKS[kind](connection, scene, work, now) for work in works]


def texts(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def test_a_step_is_told_to_who_is_asked_with_how_long_nobody_answered(
    night: Night, scene: Scene
) -> None:
    night.fires()
    night.climb(10)

    found = {one.channel: one for one in messages(night, scene, "escalation", 10)}

    assert sorted(found) == ["U0ANN0001", "U0BOB0002"]
    said = texts(found["U0BOB0002"])
    assert "<@U0BOB0002>: *Nobody acked for 10 min.*" in said
    assert "Step 2 of 6 of the escalation. Next: the channel C0URGENT" in said
    assert found["U0BOB0002"].text.startswith("S1, urgent. Mass dm: chat. Nobody acked for 10 min.")


def test_a_channel_is_asked_as_a_whole_and_the_next_person_is_named(
    night: Night, scene: Scene
) -> None:
    night.fires()
    for minutes in (0, 10, 20):
        night.climb(minutes)

    *_, room = messages(night, scene, "escalation", 20)

    assert room.channel == "C0URGENT"
    assert "Everybody here: *Nobody acked for 20 min.*" in texts(room)
    assert "Next: <@U0ANN0001>" in texts(room)


def test_after_the_last_step_nobody_is_next(night: Night, scene: Scene) -> None:
    night.fires()
    night.climb(500)

    said = [texts(one) for one in messages(night, scene, "escalation", 500)]

    assert any("Step 6 of 6 of the escalation. Nobody is asked after this." in one for one in said)


def test_a_page_that_comes_after_the_answer_says_so(night: Night, scene: Scene) -> None:
    night.fires()
    night.climb()
    night.ack(3)

    (late,) = messages(night, scene, "escalation", 5)

    assert late.text.startswith(
        "S1, urgent. Mass dm: chat. Answered meanwhile: ann-1 has acked it."
    )
    assert "Delayed by 5 min" in texts(late)


def test_the_last_of_many_counts_the_others(night: Night, scene: Scene) -> None:
    config = parse_config("routes: [{name: all, receiver: C0ABUSE, group_by: [entity]}]")
    night.config, night.rules = config, replace(RULES, config=config)
    night.fires(*"abcdefgh")
    night.climb()

    found = [texts(one) for one in messages(night, scene, "escalation", 0)]

    counted = ["*3 more groups wait unanswered:* `watchfloor alerts list`" in one for one in found]
    assert sorted(counted) == [False, False, False, False, True]


def test_a_hand_over_names_both_people_and_shows_what_changed(night: Night, scene: Scene) -> None:
    night.fires("a", "b")
    tell(night)
    night.tick(33, finding(33, "c", severity=Severity.S1))
    day = timedelta(days=1)
    tell(night, TUESDAY + day)

    minutes = (TUESDAY + day - night.after(0)) / timedelta(minutes=1)
    _, message = messages(night, scene, "handover", minutes)

    said = texts(message)
    assert "<@U0BOB0002> hands over to <@U0ANN0001>. 0 pages in the shift." in said
    assert "1 new and 0 resolved since the last one; *3 open now.*" in said
    assert "• *S1* `chat/mass_dm` 3 open (+1), 3 findings" in said
    assert message.channel == "C0ABUSE"


def test_a_quiet_hand_over_says_that_all_is_quiet(night: Night, scene: Scene) -> None:
    tell(night)

    minutes = (TUESDAY - night.after(0)) / timedelta(minutes=1)
    (message,) = messages(night, scene, "handover", minutes)

    assert message.text.startswith("Hand-over: all quiet. Nothing waits: 0 new, 0 resolved.")


def test_a_hand_over_of_many_groups_shows_twenty_and_counts_the_others(
    night: Night, scene: Scene
) -> None:
    config = parse_config("routes: [{name: all, receiver: C0ABUSE, group_by: [entity]}]")
    night.config, night.rules = config, replace(RULES, config=config)
    night.fires(*(f"a{number}" for number in range(23)))
    tell(night)

    minutes = (TUESDAY - night.after(0)) / timedelta(minutes=1)
    (message,) = messages(night, scene, "handover", minutes)

    assert texts(message).count("• *S1*") == 20
    assert "*3 more* in" in texts(message)
