"""A drain that is cut off anywhere: the next one loses nothing and says nothing twice."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from orchestration.slack.api import SlackApi
from tests.orchestration.intake.builders import emptied
from tests.support.outboxes import outcomes, tally
from tests.support.slack_rooms import CHANNEL, Room, ids_of, text_of

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"
LEASE = 61  # seconds after which what a dead drain held is free


class CrashError(BaseException):
    """The process ends here."""


class Fuse:
    """Ends the process at the n-th boundary of those that it is asked about."""

    def __init__(self, at: int) -> None:
        self.left = at

    def burn(self) -> None:
        self.left -= 1
        if self.left == -1:
            raise CrashError

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def cut(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the call takes
            self.burn()
            done = call(*args, **named)
            self.burn()
            return done

        return cut


class Cut:
    """Slack, with a boundary before and after each request."""

    def __init__(self, api: SlackApi, fuse: Fuse) -> None:
        self.api, self.fuse = api, fuse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self.fuse.around(getattr(self.api, name))


Drain = Callable[[Room], None]


def cut_in_requests(fuse: Fuse) -> Drain:
    """Drains that end before or after a request."""
    return lambda room: drain(room, Cut(room.api, fuse))


def cut_in_commits(fuse: Fuse) -> Drain:
    """Drains that end before or after a commit."""

    def cut(room: Room) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                room.engine.dialect, "do_commit", fuse.around(room.engine.dialect.do_commit)
            )
            drain(room, room.api)

    return cut


def drain(room: Room, api: SlackApi) -> None:
    """Drain until the end, with a new process where one ends."""
    for _ in range(2):
        try:
            room.drain(api)
        except CrashError:
            room.later(LEASE)


def story(room: Room, drain: Drain) -> None:
    """A group fires, grows, and is acked."""
    room.fires(A)
    drain(room)
    room.fires(A, B, minute=2)
    drain(room)
    room.ack()
    drain(room)


def forget(room: Room) -> None:
    emptied(room.engine)
    room.slack.messages[CHANNEL] = []
    room.clock.now = type(room.clock)().now


@pytest.mark.parametrize("cut", [cut_in_requests, cut_in_commits])
def test_wherever_a_drain_ends_the_next_one_tells_everything_once(
    room: Room, cut: Callable[[Fuse], Drain]
) -> None:
    for at in count():
        forget(room)
        fuse = Fuse(at)
        story(room, cut(fuse))
        assert tally(room.engine) == {"sent": 3}, at
        (parent,), replies = room.parents(), room.replies()
        assert "2 open of 2" in text_of(parent), at
        assert "*Acked by ann-1.*" in text_of(parent), at
        assert room.thread().ts == parent["ts"], at
        assert room.thread().shown == room.seen()["seen"], at
        assert len(replies) == len(set(ids_of(replies))) == 2, at
        assert set(ids_of(replies)) < set(outcomes(room.engine)), at
        if fuse.left >= 0:
            break
    assert at >= 10
