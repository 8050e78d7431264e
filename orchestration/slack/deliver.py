"""Sends one message of the outbox to Slack: looks up what it shows, posts it once, keeps where."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from orchestration.ledger.database import reading, writing
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Busy, Down, Gone, Refused, Result, Sent
from orchestration.outbox.work import Work, alone, order
from orchestration.slack import (
    look_demotion,
    look_escalation,
    look_handover,
    look_health,
    look_route_test,
)
from orchestration.slack.api import (
    SlackApi,
    SlackAuthError,
    SlackBusyError,
    SlackDownError,
    SlackError,
    SlackGoneError,
)
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.in_thread import InThread
from orchestration.slack.look import Scene
from orchestration.slack.look_many import (
    DIGEST,
    backlog,
    digest,
    elsewhere,
    is_as_before,
    keep_digest,
)
from orchestration.slack.message import Message

Look = Callable[[Connection, Scene, Work, datetime], Message]
NAMED = 20  # threads that one text names
LIST = "watchfloor alerts list"
POSTED, UNCHANGED = "ts", "unchanged"  # parts of the progress
# What is told by itself. What is told in a thread is in `in_thread`.
ALONE: Mapping[str, Look] = {
    "storm": backlog,
    DIGEST: digest,
    "elsewhere": elsewhere,
    "escalation": look_escalation.message,
    "handover": look_handover.message,
    "health": look_health.message,
    "demotion": look_demotion.message,
    "route_test": look_route_test.message,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends messages to one Slack. Called outside any transaction of the ledger."""

    engine: Engine
    api: SlackApi
    scene: Scene
    clock: Callable[[], datetime]

    def __call__(self, work: Work, seen: Progress) -> Result:
        """What came of sending one message."""
        try:
            if work.head.kind in ALONE:
                self._alone(work, seen)
            else:
                self._in_thread().send(work, seen)
        except (SlackError, SlackMessageError) as error:
            return _came_of(error)
        return Sent()

    def describe(self, work: Work) -> str:
        """What it tells as text, a line for each thread; for a notifier that knows no blocks."""
        each = _by_thread(work)
        with reading(self.engine) as connection:
            lines = [self._described(connection, one) for one in each[:NAMED]]
        rest = len(each) - len(lines)
        return "\n".join([*lines, *([f"{rest} more: {LIST}"] if rest else [])])

    def _described(self, connection: Connection, work: Work) -> str:
        try:
            if work.head.kind in ALONE:
                return ALONE[work.head.kind](connection, self.scene, work, self.clock()).text
            return self._in_thread().described(connection, work)
        except SlackMessageError:  # raised again it would be tried for ever, and told to nobody
            return f"Watchfloor has news that it cannot show: {LIST}"

    def _in_thread(self) -> InThread:
        return InThread(self.engine, self.api, self.scene, self.clock)

    def _alone(self, work: Work, seen: Progress) -> None:
        if POSTED in seen.parts:
            return
        ts = None
        if not seen.first_try:
            ts = self.api.find(
                work.receiver, since=work.since, outbox_id=work.outbox_id, thread_ts=None
            )
        ts = ts or self._post(work)
        if ts is None:
            seen.record(UNCHANGED, 1)
            return
        if work.head.kind == DIGEST:  # first: once the row is done, nobody comes back for it
            with writing(self.engine) as connection:
                keep_digest(connection, self.scene, work, self.clock())
        seen.record(POSTED, ts)

    def _post(self, work: Work) -> str | None:
        """Where it is; None for a digest that would say what the last one said."""
        kind, now = work.head.kind, self.clock()
        with reading(self.engine) as connection:
            if kind == DIGEST and is_as_before(connection, self.scene, work, now):
                return None
            made = ALONE[kind](connection, self.scene, work, now)
        return self.api.post(made.payload()).ts


def _by_thread(work: Work) -> list[Work]:
    """The message as one for each thread, the gravest first: elsewhere, many go as one."""
    if len(work.rows) == 1:
        return [work]
    newest = {row.thread or row.outbox_id: row for row in work.rows}
    found = sorted(newest.values(), key=lambda row: (row.lane, *order(row)))
    return [alone(row) for row in found]


def _came_of(error: SlackError | SlackMessageError) -> Result:
    match error:
        case SlackBusyError():
            return Busy(timedelta(seconds=error.retry_after))
        case SlackDownError():
            return Down(error.code, unknown=error.unknown)
        case SlackAuthError():  # a person sets another token, and then it can be sent
            return Down(error.code, unknown=False)
        case SlackGoneError():
            return Gone()
        case SlackError():
            return Refused(error.code)
        case _:
            return Refused(type(error).__name__)
