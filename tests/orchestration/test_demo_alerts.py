from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Severity
from monitors.registry import registry
from orchestration.demo_alerts import PROMOTED, Told, promote, told
from orchestration.intake.modes import watched
from orchestration.ledger.database import reading
from orchestration.settings import Settings, load
from orchestration.slack.disk import DiskSlack
from tests.orchestration.alerts.builders import finding
from tests.support.ledgers import NOON
from tests.support.slack_rooms import CHANNEL, Room

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"


def settings(home: Path, token: str = "") -> Settings:
    return load({"WATCHFLOOR_HOME": str(home), "WATCHFLOOR_SLACK_TOKEN": token})


def test_eight_monitors_are_approved_once_and_may_tell_people(ledger: Engine) -> None:
    known = registry()
    assert promote(ledger, known, now=NOON) == 8
    assert promote(ledger, known, now=NOON) == 0
    with reading(ledger) as connection:
        found = watched(connection, known.monitors.values(), now=NOON)
    loud = {name for name, one in found.items() if one.mode.value == "review"}
    assert loud == set(PROMOTED)


@pytest.mark.parametrize(("token", "messages"), [("", {CHANNEL: 1}), ("xoxb", None)])
def test_what_stands_and_what_people_got_is_counted(
    ledger: Engine, tmp_path: Path, token: str, messages: dict[str, int] | None
) -> None:
    room = Room(ledger, folder=tmp_path)
    room.fires(A, B)
    room.step(12.1, found=())
    room.drain(DiskSlack(tmp_path / "slack"))
    assert told(ledger, settings(tmp_path, token), now=NOON) == Told({"S2": 2}, 0, messages)


def test_an_empty_installation_was_told_nothing(ledger: Engine, tmp_path: Path) -> None:
    assert told(ledger, settings(tmp_path), now=NOON) == Told({}, 0, {})


def test_what_is_acked_fires_no_more(ledger: Engine, tmp_path: Path) -> None:
    room = Room(ledger, folder=tmp_path)
    room.tick(11, finding(11, A, severity=Severity.S1))
    room.ack()
    assert told(ledger, settings(tmp_path), now=NOON).firing == {}
