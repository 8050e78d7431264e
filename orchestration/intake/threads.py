"""What receivers were told, in which thread, and the notices that are to be sent."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, update

from monitors.contract import Severity
from orchestration.alerts.records import Intent, Reason, Step, Told, ToldKey
from orchestration.intake.state import Loaded
from orchestration.ledger import outbox
from orchestration.ledger.acts import Act
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import threads, told

NOTICE, STORM, DIGEST = "notice", "storm", "digest"
SHOWN = 20  # alerts named in one message
UPDATE = int(Severity.S2)
CALM = frozenset({Reason.RESOLVED, Reason.RETRACTED, Reason.AMENDED})
Timing = Callable[[Severity, datetime], datetime]  # when a notice of this severity may be sent


def at_once(severity: Severity, now: datetime) -> datetime:
    """Timing without business hours: everything may be sent now."""
    del severity
    return now


def write_told(
    connection: Connection,
    *,
    before: Loaded,
    step: Step,
    act: Act,
    audit_seq: int,
    timing: Timing,
) -> None:
    """Write the notification log, open and close threads, and queue the step's notices.

    A group that nobody has as open begins a thread of its own: a reply to last week's message
    would be seen by nobody.
    """
    old, new = before.state.told, step.state.told
    first = {
        (intent.group, intent.receiver) for intent in step.intents if intent.reason is Reason.FIRST
    }
    names = {
        key: thread_id(key, last)
        if key not in old or key in first or _begins(old[key], last)
        else before.threads[key]
        for key, last in new.items()
    }
    opened = [key for key in new if names[key] != before.threads.get(key)]
    ended = [before.threads[key] for key in old if names.get(key) != before.threads[key]]
    if opened:
        rows = [_thread(key, new[key], names[key], act.at) for key in opened]
        connection.execute(insert(threads), rows)
    changed = [key for key in new if new[key] is not old.get(key) or key in opened]
    rows = [_told(key, new[key], names[key]) for key in changed]
    upsert(connection, told, rows, by=("group_key", "receiver"))
    for key in old.keys() - new.keys():
        group, receiver = key
        connection.execute(
            delete(told).where(told.c.group_key == group, told.c.receiver == receiver)
        )
    for name in ended:
        closing = update(threads).where(threads.c.thread_id == name)
        connection.execute(closing.values(closed_at=act.at))
    intents = [_notice(intent, names, act.at, timing) for intent in step.intents]
    outbox.enqueue(connection, intents=intents, audit_seq=audit_seq, now=act.at)


def _begins(old: Told, new: Told) -> bool:
    """Whether a group is open again for a receiver who knew of nothing open in it.

    What flaps is told where its end was.
    """
    was, now = (any(mark.open for mark in told.marks.values()) for told in (old, new))
    return now and not was and new.reason is not Reason.FLAPPING


def lane_of(intent: Intent) -> int:
    """How urgent it is: its severity, but that something is over or corrected can wait."""
    return max(int(intent.severity), UPDATE) if intent.reason in CALM else int(intent.severity)


def thread_id(key: ToldKey, last: Told) -> str:
    """Id of the thread that begins with what was just told."""
    return digest_parts("thread", *key, last.state_hash)


def _thread(key: ToldKey, last: Told, name: str, now: datetime) -> dict[str, object]:
    return {
        "thread_id": name,
        "group_key": key[0],
        "receiver": key[1],
        "route": last.route,
        "labels": [list(label) for label in last.labels],
        "opened_at": now,
        "revision": 1,
    }


def _told(key: ToldKey, last: Told, name: str) -> dict[str, object]:
    return {
        "group_key": key[0],
        "receiver": key[1],
        "route": last.route,
        "labels": [list(label) for label in last.labels],
        "at": last.at,
        "reason": last.reason.value,
        "state_hash": last.state_hash,
        "marks": {alert_id: list(mark) for alert_id, mark in last.marks.items()},
        "number": last.number,
        "thread_id": name,
    }


def _notice(
    intent: Intent, names: Mapping[ToldKey, str], now: datetime, timing: Timing
) -> outbox.Intent:
    """What is queued: ids and counts. S3 is told once a day, in one digest."""
    kind = DIGEST if intent.severity == Severity.S3 else NOTICE
    counts = Counter(reason.value for _, reason in intent.changes)
    payload: dict[str, str | int | list[str]] = {
        "group": intent.group,
        "reason": intent.reason.value,
        "state_hash": intent.state_hash,
        "severity": int(intent.severity),
        "alerts": [alert_id for alert_id, _ in intent.changes[:SHOWN]],
        **{f"n_{reason}": number for reason, number in counts.items()},
    }
    if intent.reason is Reason.STORM:
        kind = STORM
        payload["groups"] = list(intent.groups)
    else:
        payload["thread"] = names[(intent.group, intent.receiver)]
    return outbox.Intent(
        outbox_id=digest_parts(
            "notice", intent.group, intent.receiver, intent.reason.value, intent.state_hash
        ),
        kind=kind,
        receiver=intent.receiver,
        lane=lane_of(intent),
        payload=payload,
        not_before=timing(intent.severity, now),
    )
