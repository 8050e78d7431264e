"""Messages of a thread: its parent, which always shows the current state, and replies to it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from orchestration.acts.threads import Thread, thread_of
from orchestration.alerts.records import Reason
from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Row
from orchestration.ledger.threads import set_parent
from orchestration.outbox.progress import Progress
from orchestration.outbox.work import Work
from orchestration.slack.api import SlackApi, SlackGoneError
from orchestration.slack.look import Scene, group_view
from orchestration.slack.message import Message
from orchestration.slack.parent import parent
from orchestration.slack.replies import act_reply, reply
from orchestration.slack.views import ActView, GroupView, NoticeView, Verb

ACT, BEGAN, REPLIED = "act", "began", "reply"


@dataclass(frozen=True, slots=True)
class InThread:
    """Sends what belongs to one thread. A thread's rows are never sent by two drains at once."""

    engine: Engine
    api: SlackApi
    scene: Scene
    clock: Callable[[], datetime]

    def send(self, work: Work, seen: Progress) -> None:
        """Post or change the parent, and reply unless the parent itself is the news.

        A parent that a person deleted is forgotten before SlackGoneError is passed on.
        """
        with reading(self.engine) as connection:
            thread, view = self._look(connection, work)
        try:
            ts = thread.ts or self._begin(thread, view, seen)
            if not self._is_told_by_parent(work, seen):
                self._reply(work, view, ts, seen)
            if thread.ts is not None:
                self.api.update(
                    thread.receiver, ts, parent(view, outbox_id=thread.thread_id).update(ts)
                )
        except SlackGoneError:
            with writing(self.engine) as connection:
                set_parent(connection, thread.thread_id, ts=None, shown=view.state_hash)
            raise
        if thread.ts is not None:
            with writing(self.engine) as connection:
                set_parent(connection, thread.thread_id, ts=ts, shown=view.state_hash)

    def described(self, connection: Connection, work: Work) -> str:
        """The parent's text, for a notifier that knows no threads."""
        _, view = self._look(connection, work)
        return parent(view, outbox_id=work.outbox_id).text

    def _look(self, connection: Connection, work: Work) -> tuple[Thread, GroupView]:
        now = self.clock()
        thread = thread_of(connection, str(work.head.thread))
        view = group_view(connection, self.scene, thread, now=now)
        return thread, replace(view, delayed=now - work.since)

    def _begin(self, thread: Thread, view: GroupView, seen: Progress) -> str:
        """Post the parent. It is found again by the thread's own id, whichever row began it.

        That this row began it is kept first: without it, a crash would let the row reply as well.
        """
        ts = None
        if not seen.first_try:
            ts = self.api.find(
                thread.receiver, since=thread.opened_at, outbox_id=thread.thread_id, thread_ts=None
            )
        if ts is None:
            ts = self.api.post(parent(view, outbox_id=thread.thread_id).payload()).ts
        seen.record(BEGAN, 1)
        with writing(self.engine) as connection:
            set_parent(connection, thread.thread_id, ts=ts, shown=view.state_hash)
        return ts

    def _is_told_by_parent(self, work: Work, seen: Progress) -> bool:
        """Whether the parent says it: it is new, and so it was for whatever began the thread."""
        return work.head.payload.get("reason") == Reason.FIRST or BEGAN in seen.parts

    def _reply(self, work: Work, view: GroupView, ts: str, seen: Progress) -> None:
        if REPLIED in seen.parts:
            return
        found = None
        if not seen.first_try:
            found = self.api.find(
                view.receiver, since=work.since, outbox_id=work.outbox_id, thread_ts=ts
            )
        if found is None:
            found = self.api.post(_said(work, view, ts).payload()).ts
        seen.record(REPLIED, found)


def _said(work: Work, view: GroupView, ts: str) -> Message:
    row = work.head
    if row.kind == ACT:
        return act_reply(view, _act(row), outbox_id=work.outbox_id, thread_ts=ts)
    return reply(view, _notice(work), outbox_id=work.outbox_id, thread_ts=ts)


def _act(row: Row) -> ActView:
    until = row.payload.get("until")
    return ActView(
        verb=Verb(row.payload["verb"]),
        actor=row.payload["by"],
        at=row.created_at,
        count=row.payload["n"],
        until=None if until is None else datetime.fromtimestamp(until, UTC),
        about=row.payload.get("about", ""),
    )


def _notice(work: Work) -> NoticeView:
    """The newest of the rows, with the changes of all that it tells."""
    changes: dict[Reason, int] = {}
    for row in work.every:
        for name, number in row.payload.items():
            if name.startswith("n_"):
                reason = Reason(name.removeprefix("n_"))
                changes[reason] = changes.get(reason, 0) + number
    order = list(Reason)
    worst = min(changes, key=order.index)
    return NoticeView(reason=worst, changes=changes, at=work.head.created_at)
