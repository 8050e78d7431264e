"""Looks up what a message about many groups shows: a storm, a digest, what went elsewhere."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from monitors.contract import Severity
from orchestration.acts.threads import Thread, alerts_of, threads_of
from orchestration.alerts.records import Alert
from orchestration.ledger.ids import digest_record
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import digests, threads
from orchestration.outbox.work import Work
from orchestration.slack.digests import digest as digest_message
from orchestration.slack.digests import storm
from orchestration.slack.elsewhere import came_back
from orchestration.slack.look import Scene, group_view
from orchestration.slack.message import Message
from orchestration.slack.text import is_hidden
from orchestration.slack.views import DigestRow, DigestView, GroupView, StormView

DIGEST = "digest"


class _Last(NamedTuple):
    """What the last digest said, and when: open alerts by thread."""

    at: datetime
    counts: dict[str, int]


def backlog(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """One message for many groups that fired at once, or waited too long."""
    del connection
    row = work.head
    levels = {
        Severity(int(name.removeprefix("n_s"))): number
        for name, number in row.payload.items()
        if name.startswith("n_s") and name[3:].isdecimal()
    }
    groups = row.payload.get("n") or len(row.payload.get("groups", ()))
    view = StormView(
        receiver=work.receiver,
        state_hash=row.payload.get("state_hash", row.outbox_id),
        groups=groups,
        by_severity=levels or {Severity(row.payload["severity"]): groups},
        at=row.created_at,
        url=scene.dagster_url or None,
        delayed=now - work.since,
    )
    return storm(view, outbox_id=work.outbox_id)


def digest(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """What is open of the lowest severity at one receiver, against the digest before it."""
    going = _threads(connection, work)
    views = _views(connection, scene, work, now)
    last = _last(connection, work.receiver)
    since = last.at if last else min(row.created_at for row in work.every)
    rows = [_row(view, last.counts if last else {}) for view in views]
    shown = {view.thread for view in views}
    found = [
        alert
        for thread in going
        if thread.thread_id in shown
        for alert in alerts_of(connection, thread)
    ]
    view = DigestView(
        receiver=work.receiver,
        since=since,
        until=now,
        rows=tuple(sorted(rows, key=lambda row: (row.severity, -row.open, row.alert_id))),
        opened=sum(alert.opened_at >= since for alert in found),
        resolved=sum(not alert.open and alert.changed_at >= since for alert in found),
        open=sum(view.open for view in views),
        url=scene.dagster_url or None,
        delayed=now - work.since,
    )
    return digest_message(view, outbox_id=work.outbox_id)


def is_as_before(connection: Connection, scene: Scene, work: Work, now: datetime) -> bool:
    """Whether a digest would say what the last one said, so that it need not be sent."""
    last = _last(connection, work.receiver)
    return last is not None and last.counts == _counts(_views(connection, scene, work, now))


def keep_digest(connection: Connection, scene: Scene, work: Work, now: datetime) -> None:
    """Keep what a digest said, for the next one to compare itself with.

    It is what was open when the newest row that it tells was due: what began later, while it was
    on its way or before its sender came back, may not have been in it and is news to the next.
    """
    shown = {view.thread for view in _views(connection, scene, work, now)}
    due = max(row.since for row in work.every)
    counts = {
        thread.thread_id: sum(_was_open(alert, due) for alert in alerts_of(connection, thread))
        for thread in _threads(connection, work)
        if thread.thread_id in shown
    }
    row = {
        "kind": DIGEST,
        "receiver": work.receiver,
        "at": now,
        "digest": digest_record(counts),
        "counts": counts,
    }
    upsert(connection, digests, [row], by=("kind", "receiver"))


def _was_open(alert: Alert, at: datetime) -> bool:
    return alert.opened_at <= at and (alert.open or alert.changed_at > at)


def _views(connection: Connection, scene: Scene, work: Work, now: datetime) -> list[GroupView]:
    """Threads that the rows name, and all others of the lowest severity that go on there."""
    named = _named(work)
    views = [
        group_view(connection, scene, thread, now=now, is_rated=False)
        for thread in _threads(connection, work)
    ]
    lowest = max(Severity)
    return [view for view in views if view.thread in named or view.severity is lowest]


def _threads(connection: Connection, work: Work) -> list[Thread]:
    here = (threads.c.receiver == work.receiver) & threads.c.closed_at.is_(None)
    going = connection.execute(select(threads.c.thread_id).where(here)).scalars()
    return threads_of(connection, {*_named(work), *going})


def _named(work: Work) -> set[str]:
    return {row.payload["thread"] for row in work.every if "thread" in row.payload}


def _counts(views: list[GroupView]) -> dict[str, int]:
    return {view.thread: view.open for view in views}


def _last(connection: Connection, receiver: str) -> _Last | None:
    of_receiver = (digests.c.kind == DIGEST) & (digests.c.receiver == receiver)
    row = connection.execute(select(digests.c.at, digests.c.counts).where(of_receiver)).first()
    return _Last(*row) if row else None


def elsewhere(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """Slack is back: how much went by the second notifier meanwhile."""
    del connection, scene
    payload = work.head.payload
    return came_back(
        work.receiver,
        number=payload["n"],
        since=datetime.fromtimestamp(payload["since"], UTC),
        until=now,
        outbox_id=work.outbox_id,
    )


def _row(view: GroupView, before: dict[str, int]) -> DigestRow:
    first = view.monitors[0]
    return DigestRow(
        alert_id=view.entities[0].alert_id,
        monitor=first.id,
        product=", ".join(view.products),
        harm=view.harms[0],
        severity=view.severity,
        state=view.state,
        open=view.open,
        delta=view.open - before.get(view.thread, 0),
        findings=view.findings,
        holder=view.acked_by or view.assigned_to,
        due_at=view.due_at,
        url=view.dagster_url,
        restricted=is_hidden(view),
    )
