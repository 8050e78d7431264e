"""Writing what came of a message, in one short transaction each. All raise LostLeaseError."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from orchestration.ledger import leases
from orchestration.ledger.channels import Channel, channel, count_elsewhere, write_channel
from orchestration.ledger.outbox import LONGEST
from orchestration.outbox.buckets import backoff
from orchestration.outbox.progress import OURS, Holder
from orchestration.outbox.work import Work

GONE = "gone"


def sent(holder: Holder, work: Work) -> None:
    """It arrived: at its receiver, which fails no more, or elsewhere."""
    now = holder.clock()
    with holder.writing() as connection:
        known = channel(connection, work.receiver)
        if work.via == "elsewhere":
            leases.done(connection, _ids(work), by=holder.by, outcome="fallback", now=now)
            since = known.failing_since if known else None
            count_elsewhere(connection, work.rows, since=since or work.since, now=now)
            return
        leases.done(connection, _ids(work), by=holder.by, outcome="sent", now=now)
        if known and (known.failing_since or known.blocked_until):
            write_channel(connection, replace(known, failing_since=None, blocked_until=None))


def busy(holder: Holder, work: Work, pause: timedelta) -> None:
    """Its receiver wants a pause: nothing goes there until it is over."""
    now = holder.clock()
    until = now + min(max(pause, timedelta(0)), LONGEST)
    with holder.writing() as connection:
        leases.retry(connection, _ids(work), by=holder.by, not_before=until, error="busy")
        _failing(connection, work, now, blocked_until=until)


def down(holder: Holder, work: Work, code: str, *, unknown: bool) -> None:
    """Its receiver was not reached."""
    error = f"{code}:unknown" if unknown else code
    with holder.writing() as connection:
        _put_off(connection, holder, work, error)
        if work.via == "receiver":
            _failing(connection, work, holder.clock())


def failed(holder: Holder, work: Work, code: str) -> None:
    """Something is wrong with it; its receiver may be well."""
    with holder.writing() as connection:
        _put_off(connection, holder, work, code)


def refused(holder: Holder, work: Work, code: str, *, elsewhere: str) -> None:
    """It will never be taken. `elsewhere` says what the second notifier made of it."""
    now = holder.clock()
    with holder.writing() as connection:
        parts = {**work.head.progress, "elsewhere": elsewhere}
        leases.progress(connection, work.outbox_id, parts, by=holder.by)
        leases.done(connection, _ids(work), by=holder.by, outcome="refused", now=now, error=code)


def begin_again(holder: Holder, work: Work) -> None:
    """What it built on was deleted: it may be sent once more, from the beginning, at once."""
    kept = {name: value for name, value in work.head.progress.items() if name in OURS}
    with holder.writing() as connection:
        leases.progress(connection, work.outbox_id, {**kept, GONE: 1}, by=holder.by)
        now = holder.clock()
        leases.retry(connection, _ids(work), by=holder.by, not_before=now, error=GONE)


def give_back(holder: Holder, works: list[Work]) -> None:
    """Leave messages to whoever drains next."""
    with holder.writing() as connection:
        leases.release(connection, [name for work in works for name in _ids(work)], by=holder.by)


def _ids(work: Work) -> list[str]:
    return [row.outbox_id for row in work.rows]


def _put_off(connection: Connection, holder: Holder, work: Work, code: str) -> None:
    later = holder.clock() + backoff(work.outbox_id, work.head.attempts + 1)
    leases.retry(connection, _ids(work), by=holder.by, not_before=later, error=code)


def _failing(
    connection: Connection, work: Work, now: datetime, *, blocked_until: datetime | None = None
) -> None:
    known = channel(connection, work.receiver) or Channel(work.receiver, 0.0, now)
    since = min(known.failing_since or now, now)
    until = blocked_until or known.blocked_until
    write_channel(connection, replace(known, failing_since=since, blocked_until=until))
