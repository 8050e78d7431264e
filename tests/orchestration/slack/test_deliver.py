from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from monitors.contract import Severity
from orchestration.alerts.rules import Config
from orchestration.ledger.database import reading
from orchestration.ledger.tables import outbox
from orchestration.outbox.drain import Drained
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Result, Sent
from orchestration.outbox.work import Work
from orchestration.slack.api import Payload, Posted
from orchestration.slack.web import WebSlack
from tests.orchestration.alerts.builders import HOURLY, THEFT, evaluation, finding
from tests.support.outboxes import row, tally
from tests.support.slack_rooms import CHANNEL, Room, text_of
from tests.support.slack_server import Fault, busy, refused

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"
EACH = replace(HOURLY, name="all", receiver=CHANNEL, group_by=("monitor", "entity"))
PERSON = "U0ANN0001"


def errors(room: Room) -> list[str | None]:
    with reading(room.engine) as connection:
        return list(connection.scalars(select(outbox.c.error)))


def many(number: int) -> list[str]:
    return [f"account_{n:012x}" for n in range(number)]


class Unlucky:
    """Slack, but for the first message, which arrives, and nobody hears that it did."""

    def __init__(self, api: WebSlack) -> None:
        self.api, self.lost = api, False

    def post(self, payload: Payload) -> Posted:
        posted = self.api.post(payload)
        if not self.lost:
            self.lost = True
            raise RuntimeError("lost")
        return posted

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any other method
        return getattr(self.api, name)


def test_a_pause_that_slack_asks_for_is_kept(room: Room) -> None:
    room.fires(A)
    room.slack.fail("chat.postMessage", busy("30"))
    assert room.drain() == Drained(retried=1)
    room.later(15)
    room.methods()
    room.drain()
    assert room.methods() == []
    room.later(16)
    assert room.drain() == Drained(sent=1)
    assert len(room.kept()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, body="oops", done=True),
        Fault(status=502, body="<html>", done=False),
        Fault(hang=True, done=True),
        Fault(drop=True, done=True),
        Fault(body="no JSON", done=True),
        refused("internal_error"),
    ],
)
def test_what_may_have_arrived_is_looked_for_before_it_is_sent_again(
    room: Room, fault: Fault
) -> None:
    room.fires(A)
    room.slack.fail("chat.postMessage", fault)
    assert room.drain(seconds=1) == Drained(retried=1)
    room.later(5)
    assert room.drain() == Drained(sent=1)
    assert len(room.kept()) == 1
    assert room.thread().ts == room.kept()[0]["ts"]


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "not_in_channel"])
def test_what_slack_will_never_take_is_over_and_says_why(room: Room, code: str) -> None:
    room.fires(A)
    room.slack.fail("chat.postMessage", refused(code))
    assert room.drain() == Drained(refused=1)
    assert (tally(room.engine), errors(room)) == ({"refused": 1}, [code])
    room.later(600)
    assert room.drain() == Drained()


def test_a_token_that_is_refused_is_waited_for_and_nothing_is_lost(room: Room) -> None:
    room.fires(A)
    room.slack.fail("chat.postMessage", refused("invalid_auth"), refused("token_revoked"))
    assert room.drain(seconds=1) == Drained(retried=1)
    room.later(5)
    assert room.drain(seconds=1) == Drained(retried=1)
    room.later(10)
    assert room.drain() == Drained(sent=1)
    assert len(room.kept()) == 1


def test_two_messages_of_a_thread_begin_it_once_though_the_first_failed(room: Room) -> None:
    room.fires(A, severity=Severity.S0)
    room.fires(A, B, minute=1, severity=Severity.S0)  # S0 is not merged
    with pytest.raises(RuntimeError, match="lost"):
        room.drain(Unlucky(room.api), seconds=1)
    room.later(61)
    room.drain()
    assert len(room.parents()) == 1
    assert tally(room.engine) == {"sent": 2}


def test_a_storm_is_one_message_that_counts_its_groups(room: Room) -> None:
    room.config = Config((EACH,), storm=3)
    assert room.fires(*many(5), severity=Severity.S1) == ["storm"]
    room.drain()
    (storm,) = room.kept()
    assert "Storm: 5 groups at once" in text_of(storm)
    assert "5 at S1" in text_of(storm)
    assert not any(entity in text_of(storm) for entity in many(5))


def test_a_backlog_is_one_message_that_says_how_late_it_is(room: Room) -> None:
    room.config = Config((EACH,), storm=100)
    room.fires(*many(30))
    room.later(3600)
    assert room.drain() == Drained(sent=1, collapsed=30)
    (message,) = room.kept()
    assert "Storm: 30 groups at once" in text_of(message)
    assert "30 at S2" in text_of(message)
    assert "Delayed by 1 h" in text_of(message)


def test_a_digest_is_sent_once_and_not_again_while_nothing_changed(room: Room) -> None:
    assert room.fires(A, severity=Severity.S3) == ["first"]
    room.drain()
    (digest,) = room.kept()
    assert "1 open (+1), 1 finding" in text_of(digest)
    assert "1 new and 0 resolved since the last one; *1 open now.*" in text_of(digest)
    room.clock.now += 5 * HOURLY.repeat_interval
    assert room.step(32) == ["repeat"]
    assert room.drain() == Drained(sent=1)
    assert room.kept() == [digest]
    room.clock.now += 5 * HOURLY.repeat_interval
    again = finding(50, B, severity=Severity.S3)
    assert room.step(52, evaluation(50), found=[again]) == ["new_in_group"]
    room.drain()
    assert "2 open (+1), 2 findings" in text_of(room.kept()[1])


def test_a_digest_lists_what_is_open_though_nothing_of_it_is_new(room: Room) -> None:
    room.fires(A, severity=Severity.S3)
    room.drain()
    room.clock.now += 5 * HOURLY.repeat_interval
    room.ack()
    stolen = finding(30, B, monitor=THEFT, severity=Severity.S3)
    room.step(32, evaluation(30, monitor=THEFT), found=[stolen])
    room.drain()
    digest = text_of(room.parents()[-1])
    assert "*2 open now.*" in digest
    assert "chat/mass_dm` 1 open (as before), 1 finding, acked by ann-1" in digest
    assert "api/key_theft` 1 open (+1), 1 finding" in digest


def test_a_digest_whose_sender_died_is_found_and_the_next_compares_itself_with_it(
    room: Room,
) -> None:
    room.fires(A, severity=Severity.S3)
    with pytest.raises(RuntimeError, match="lost"):
        room.drain(Unlucky(room.api), seconds=1)
    room.later(61)
    assert room.drain() == Drained(sent=1)
    room.clock.now += 5 * HOURLY.repeat_interval
    room.step(33)
    assert room.drain() == Drained(sent=1)
    assert len(room.kept()) == 1


def test_what_went_elsewhere_is_said_once_slack_is_back(room: Room) -> None:
    told = []

    def elsewhere(work: Work, seen: Progress) -> Result:
        del seen
        told.append(room.delivery().describe(work))
        return Sent()

    room.fires(A, severity=Severity.S1)
    for _ in range(12):
        room.slack.fail("chat.postMessage", Fault(status=503, body="down"))
        room.drain(fallback=elsewhere, seconds=1)
        room.later(61)
    (text,) = told
    assert text.startswith("S1, urgent. Mass dm: chat.")
    assert A not in text
    room.slack._faults.clear()  # noqa: SLF001 - it is well again
    room.drain(fallback=elsewhere)
    (back,) = room.parents()
    assert "1 message went by the second notifier between" in text_of(back)
    assert len(told) == 1


def test_a_step_of_a_ladder_is_a_message_of_its_own_to_who_is_called(room: Room) -> None:
    room.slack.messages[PERSON] = []
    room.fires(A, severity=Severity.S1)
    room.drain()
    since = int(room.now.timestamp())
    thread = room.thread().thread_id
    step = {"thread": thread, "step": 1, "steps": 3, "since": since}
    called = row("e1", 1, kind="escalation", thread=None, receiver=PERSON, lane=1)
    room.put(replace(called, payload=step))
    assert room.drain() == Drained(sent=1)
    (call,) = room.kept(PERSON)
    assert "<@U0ANN0001>" in text_of(call)
    assert len(room.kept()) == 1


def test_one_that_answered_meanwhile_is_not_called(room: Room) -> None:
    room.slack.messages[PERSON] = []
    room.fires(A, severity=Severity.S1)
    room.ack()
    payload = {"thread": room.thread().thread_id, "step": 1, "steps": 3, "since": 1772452800}
    called = row("e1", 1, kind="escalation", thread=None, receiver=PERSON, lane=1)
    room.put(replace(called, payload=payload))
    room.drain()
    (call,) = room.kept(PERSON)
    assert "Answered meanwhile: ann-1 has acked it. Nothing to do." in text_of(call)
