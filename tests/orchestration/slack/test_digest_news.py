"""What begins while a digest is on its way is told by the next one."""

import pytest

from monitors.contract import Severity
from orchestration.outbox.drain import Drained
from tests.orchestration.alerts.builders import THEFT, evaluation, finding
from tests.support.slack_rooms import Room, text_of
from tests.support.slack_server import Fault

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"
STOLEN = finding(11, B, monitor=THEFT, severity=Severity.S3)


@pytest.fixture
def lost(room: Room) -> Room:
    """A room to which a digest was sent, and nobody heard that it arrived."""
    room.fires(A, severity=Severity.S3)
    room.slack.fail("chat.postMessage", Fault(drop=True, done=True))
    assert room.drain(seconds=1) == Drained(retried=1)
    assert len(room.kept()) == 1
    return room


def test_what_began_before_a_digest_was_found_again_is_told_by_the_next(lost: Room) -> None:
    lost.later(60)
    assert lost.step(12 + 1 / 60, evaluation(11, monitor=THEFT), found=[STOLEN]) == ["first"]
    lost.drain()
    first, second = (text_of(message) for message in lost.kept())
    assert "api/key_theft" not in first
    assert "api/key_theft` 1 open (+1), 1 finding" in second
    assert "chat/mass_dm` 1 open (as before), 1 finding" in second


def test_what_ended_before_a_digest_was_found_again_is_told_by_the_next(lost: Room) -> None:
    lost.later(60)
    lost.tick(12)
    assert lost.tick(13) == ["resolved"]
    lost.drain()
    second = text_of(lost.kept()[1])
    assert "0 open (-1)" in second


def test_a_digest_that_was_found_again_is_not_repeated_while_nothing_changed(lost: Room) -> None:
    lost.later(60)
    assert lost.drain() == Drained(sent=1)
    lost.clock.now += lost.config.routes[0].repeat_interval * 5
    assert lost.step(32) == ["repeat"]
    assert lost.drain() == Drained(sent=1)
    assert len(lost.kept()) == 1
