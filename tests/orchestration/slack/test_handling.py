import logging
import threading
from typing import Any

import pytest

from orchestration.slack.handling import Counts, Handling, Once, interaction_key

CANARY = "canary-7f3a"
Payload = dict[str, Any]


def press(number: int) -> Payload:
    return {"type": "block_actions", "trigger_id": f"1.{number}"}


def said(answer: Payload | None) -> None:
    assert answer is None


def test_where_too_many_wait_the_next_is_not_acknowledged_and_may_come_again() -> None:
    release, busy = threading.Event(), threading.Event()
    acknowledged: list[int] = []
    handled: list[str] = []

    def handle(payload: Payload) -> None:
        busy.set()
        assert release.wait(30)
        handled.append(payload["trigger_id"])

    with Handling(handle, threads=1, room=2) as handling:
        taken = [
            handling.take(press(n), lambda _, n=n: acknowledged.append(n))  # type: ignore[misc]
            for n in (1, 2, 3)
        ]
        assert (taken, acknowledged) == ([True, True, False], [1, 2])
        assert busy.wait(30)
        release.set()
        while handling.counts().handled < 2:  # room comes back
            threading.Event().wait(0.01)
        assert handling.take(press(3), said)
    assert handled == ["1.1", "1.2", "1.3"]
    assert handling.counts() == Counts(taken=3, handled=3, refused=1)


def test_what_could_not_be_acknowledged_is_not_handled_and_may_come_again() -> None:
    handled: list[Payload] = []

    def lost(answer: Payload | None) -> None:
        raise ConnectionError(str(answer))

    with Handling(handled.append, room=1) as handling:
        for _ in range(3):
            with pytest.raises(ConnectionError):
                handling.take(press(1), lost)
        assert handling.take(press(1), said)
    assert handled == [press(1)]
    assert handling.counts() == Counts(taken=1, handled=1)


def test_an_answer_that_cannot_be_made_does_not_keep_a_press_from_its_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handled: list[Payload] = []

    def answer(payload: Payload) -> Payload | None:
        raise KeyError(payload["text"])

    caplog.set_level(logging.DEBUG)
    with Handling(handled.append, answer=answer) as handling:
        assert handling.take({**press(1), "text": CANARY}, said)
    assert handled == [{**press(1), "text": CANARY}]
    assert "could not be answered: KeyError." in caplog.text
    assert CANARY not in caplog.text


def test_what_was_answered_at_once_may_be_sent_again() -> None:
    answers: list[Payload | None] = [{"response_action": "errors"}, None]
    handled: list[Payload] = []
    heard: list[Payload | None] = []
    with Handling(handled.append, answer=lambda _: answers.pop(0)) as handling:
        for _ in range(2):
            assert handling.take(press(1), heard.append)
    assert heard == [{"response_action": "errors"}, None]
    assert handled == [press(1)]


def test_a_key_is_first_once_until_so_many_came_after_it() -> None:
    once = Once(size=2)
    assert [once.first(key) for key in ("a", "a", "b", "a")] == [True, False, True, False]
    assert once.first("c")  # and "a" is forgotten
    assert [once.first("b"), once.first("a")] == [False, True]
    once.forget("a")
    assert once.first("a")


def test_a_press_is_known_by_its_trigger_and_otherwise_by_its_content() -> None:
    assert interaction_key(press(1)) == interaction_key({**press(1), "team": "T0"}) == "1.1"
    plain = {"type": "view_submission", "user": {"id": "U0ANA"}}
    assert interaction_key(plain) == interaction_key(dict(reversed(plain.items())))
    assert interaction_key(plain) != interaction_key({**plain, "user": {"id": "U0BEN"}})
