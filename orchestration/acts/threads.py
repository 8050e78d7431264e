"""Threads as people see them: the alerts in one, its state hash, and who last did what to it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from orchestration.acts.errors import ActError, LastAct
from orchestration.alerts.records import Alert, Labels
from orchestration.ledger.alerts import of_ids
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.tables import audit, outbox, threads, told


@dataclass(frozen=True, slots=True)
class Thread:
    """One parent message: a group at one receiver, until all in it has ended.

    `ts` is null until the parent was sent, `closed_at` while the thread goes on.
    """

    thread_id: str
    group_key: str
    receiver: str
    route: str
    labels: Labels
    opened_at: datetime
    ts: str | None
    shown: str | None
    assigned_to: str | None
    closed_at: datetime | None
    revision: int


FIELDS = [field.name for field in fields(Thread)]


def thread_of(connection: Connection, thread_id: str) -> Thread:
    """The thread of an id, or ActError."""
    found = threads_of(connection, [thread_id])
    if not found:
        raise ActError("There is no thread of that id; open the newest message and try there.")
    return found[0]


def threads_of(connection: Connection, ids: Iterable[str]) -> list[Thread]:
    """The threads of some ids, in the order of ids; those that are not there are left out."""
    rows = select(threads).where(threads.c.thread_id.in_(list(ids))).order_by(threads.c.thread_id)
    return [_read(row) for row in connection.execute(rows).mappings()]


def alerts_of(connection: Connection, thread: Thread) -> list[Alert]:
    """The alerts that its readers were told of there, by id.

    Of one that has ended, those that notices named: at most 20 a notice.
    """
    same = (told.c.group_key == thread.group_key) & (told.c.receiver == thread.receiver)
    marks = connection.execute(select(told.c.marks).where(same)).scalar_one_or_none()
    ids = set(marks or ())
    if thread.closed_at is not None:
        ids |= _named(connection, thread)
    return [alert for alert in of_ids(connection, ids) if was_in(thread, alert)]


def was_in(thread: Thread, alert: Alert) -> bool:
    """Whether the alert was open while the thread was: a group's log outlives its threads."""
    began = thread.closed_at is None or alert.opened_at < thread.closed_at
    return began and (alert.open or alert.changed_at >= thread.opened_at)


def hash_of(thread: Thread, alerts: Iterable[Alert]) -> str:
    """Digest of what a person sees of a thread; another after any change of it or an alert."""
    seen = sorted((alert.alert_id, str(alert.revision)) for alert in alerts)
    parts = (part for one in seen for part in one)
    return digest_parts("seen", thread.thread_id, str(thread.revision), *parts)


def last_act(connection: Connection, thread_id: str, *, after: str | None = None) -> LastAct | None:
    """What a person last did to the thread; None if nobody did anything.

    With `after`, a hash that somebody saw, None too if they saw what that act had left.
    """
    of_thread = select(audit).where(
        audit.c.object == object_id(thread_id), audit.c.actor.not_like("system:%")
    )
    newest = of_thread.order_by(audit.c.seq.desc()).limit(1)
    row = connection.execute(newest).mappings().one_or_none()
    if row is None or (after is not None and row["after"] == after):
        return None
    return LastAct(row["actor"], row["verb"], row["at"])


def object_id(thread_id: str) -> str:
    """What the audit calls a thread."""
    return f"thread:{thread_id}"


def _named(connection: Connection, thread: Thread) -> set[str]:
    of_thread = select(outbox.c.payload).where(
        outbox.c.receiver == thread.receiver,
        outbox.c.created_at >= thread.opened_at,
        outbox.c.payload["thread"].as_string() == thread.thread_id,
    )
    payloads = connection.execute(of_thread).scalars()
    return {alert_id for payload in payloads for alert_id in payload.get("alerts", ())}


def _read(row: RowMapping) -> Thread:
    named = {name: row[name] for name in FIELDS}
    return Thread(**{**named, "labels": tuple((name, value) for name, value in row["labels"])})
