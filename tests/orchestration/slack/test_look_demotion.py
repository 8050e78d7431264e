import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from monitors.registry import Registry
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Intent, enqueue, waiting
from orchestration.outbox.work import alone
from orchestration.slack.look import Scene
from orchestration.slack.look_demotion import message
from orchestration.slack.message import Message
from tests.orchestration.escalation.builders import RULES
from tests.support.ledgers import NOON, act
from tests.support.monitors import failed_logins

PAYLOAD: dict[str, Any] = {
    "monitor": failed_logins.id,
    "version": 1,
    "why": ["lower_bound", "check:hit_rate"],
    "k": 14,
    "n": 15,
    "wanted_n": 14,
    "wanted_per_mille": 800,
    "labels_needed": 7,
    "at": int(NOON.timestamp()),
}


def shown(ledger: Engine, tmp_path: Path, *, known: bool = True, **changed: Any) -> Message:  # noqa: ANN401 - any part
    """The message of a demotion at noon, sent a minute later."""
    intent = Intent("o1", "demotion", "C0ABUSE", {**PAYLOAD, **changed}, NOON)
    scene = Scene(
        lake=Lake(str(tmp_path / "lake")),
        registry=Registry({failed_logins.id: failed_logins} if known else {}, {}),
        watched={},
        rules=RULES,
        dagster_url="https://dagster.example.com",
        interactive=True,
    )
    with writing(ledger) as connection:
        seq = append(connection, act=act(), verb="demote", object_id="monitor:a:v1")
        enqueue(connection, intents=[intent], audit_seq=seq, now=NOON)
    now = NOON + timedelta(minutes=1)
    with reading(ledger) as connection:
        (row,) = waiting(connection, now, 10)
        return message(connection, scene, alone(row), now)


def test_it_says_what_was_demoted_why_and_what_it_takes(ledger: Engine, tmp_path: Path) -> None:
    found = shown(ledger, tmp_path)
    assert found.channel == "C0ABUSE"
    assert found.text.startswith(
        "A monitor no longer acts by itself: accounts/failed_logins version 1, from auto to review."
    )
    said = json.dumps(found.blocks)
    for part in (
        "its precision is not shown to be high enough any more and its check hit rate failed",
        "at least 0.721 (14 of 15 right, one-sided 95 %)",
        "0.80 or more, of 14 or more",
        "7 more, all right",
        "*Owner*\\ntest",
        "https://dagster.example.com/assets/accounts/monitors/failed_logins",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"labels_needed": -1}, "no number does with so many wrong: tune it"),
        ({"labels_needed": 0, "why": ["golden"]}, "those who labelled it fail on gold"),
        ({"k": 0, "n": 0, "why": ["too_few"]}, "not measured"),
    ],
)
def test_what_cannot_be_reached_or_was_not_measured_is_said(
    ledger: Engine, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    assert said in json.dumps(shown(ledger, tmp_path, **changed).blocks)


def test_of_a_monitor_whose_file_is_gone_nobody_is_the_owner(
    ledger: Engine, tmp_path: Path
) -> None:
    assert "*Owner*\\nnobody" in json.dumps(shown(ledger, tmp_path, known=False).blocks)
