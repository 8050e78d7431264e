"""A page to one person, whose sender dies: it is found in their conversation, and not doubled."""

from dataclasses import replace

import pytest

from monitors.contract import Severity
from orchestration.outbox.drain import Drained
from orchestration.slack.api import Payload, Posted
from orchestration.slack.web import WebSlack
from tests.support.outboxes import row, tally
from tests.support.slack_rooms import Room, ids_of
from tests.support.slack_server import TOKEN, Fault

A = "account_aaaaaaaaaaaa"
ANN, TO_ANN = "U0ANN0001", "D0ANN0001"


class CrashError(BaseException):
    """The process ends here."""


class Dying(WebSlack):
    """Slack for a process that ends when its message has arrived."""

    def post(self, payload: Payload) -> Posted:
        super().post(payload)
        raise CrashError


def page_ann(room: Room) -> None:
    """Ann is called about something that fires, and which the channel knows of."""
    room.slack.befriend(ANN, TO_ANN)
    room.fires(A, severity=Severity.S1)
    room.drain()
    since = int(room.now.timestamp())
    step = {"thread": room.thread().thread_id, "step": 1, "steps": 3, "since": since}
    called = row("e1", 1, kind="escalation", thread=None, receiver=ANN, lane=1)
    room.put(replace(called, payload=step))


def test_a_page_whose_sender_died_is_found_with_the_person(room: Room) -> None:
    page_ann(room)
    with pytest.raises(CrashError):
        room.drain(Dying(TOKEN, base_url=room.slack.base_url, timeout=1))
    room.later(61)

    assert room.drain() == Drained(sent=1)

    assert ids_of(room.kept(TO_ANN)) == ["e1"]
    assert tally(room.engine) == {"sent": 2}


def test_a_page_whose_answer_never_came_is_found_with_the_person(room: Room) -> None:
    page_ann(room)
    room.slack.fail("chat.postMessage", Fault(done=True, drop=True))
    room.drain()
    room.later(61)
    room.drain()

    assert ids_of(room.kept(TO_ANN)) == ["e1"]
    assert tally(room.engine) == {"sent": 2}


def test_a_page_that_never_arrived_is_sent_once_it_was_looked_for(room: Room) -> None:
    page_ann(room)
    room.slack.fail("chat.postMessage", Fault(drop=True))
    room.drain()
    room.later(61)
    room.drain()

    assert ids_of(room.kept(TO_ANN)) == ["e1"]
    asked = [method for method in room.methods() if method.startswith("conv")]
    assert asked == ["conversations.open", "conversations.history"]
