"""Taking what to send next: planned, absorbed and leased in one transaction."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from orchestration.ledger import leases
from orchestration.ledger.channels import Channel, every_channel, write_channel
from orchestration.ledger.outbox import (
    Intent,
    Row,
    absorbed,
    enqueue,
    held,
    rows_of,
    tried_threads,
    waiting,
)
from orchestration.outbox.buckets import fresh, taken
from orchestration.outbox.plan import plan, wakes_at
from orchestration.outbox.progress import Holder, Progress
from orchestration.outbox.settings import Settings
from orchestration.outbox.work import Work

READ = 5000  # rows looked at, so that a storm is seen as one
AT_ONCE = 10  # messages leased together, so that an S0 waits for no more


@dataclass(frozen=True, slots=True)
class Taken:
    """What was leased, and when to look again if it is nothing; `ended` counts absorbed rows."""

    works: list[tuple[Work, Progress]]
    wakes_at: datetime | None = None
    ended: Counter[str] = field(default_factory=Counter)


def take(
    holder: Holder,
    *,
    until: datetime,
    limit: int,
    settings: Settings,
    stopped: frozenset[str],
) -> Taken:
    """Lease the next messages until a time. If none is due, nothing is written or waited for."""
    now = holder.clock()
    with holder.reading() as connection:
        rows, channels = _known(connection, now)
    if not plan(rows, channels, now, settings, stopped=stopped):
        return Taken([], wakes_at(rows, channels, now, settings, stopped=stopped))
    with holder.writing() as connection:
        now = holder.clock()  # another may have had the ledger until now
        rows, channels = _known(connection, now)
        works = plan(rows, channels, now, settings, stopped=stopped)[: min(limit, AT_ONCE)]
        ended: Counter[str] = Counter()
        for work in works:
            _absorb(connection, work, now)
            ended[work.outcome] += len(work.absorbed)
            ids = [row.outbox_id for row in work.rows]
            leases.lease(connection, ids, by=holder.by, now=now, until=max(until, now))
            _lead(connection, work, holder.by)
            if work.via == "receiver":
                known = channels.get(work.receiver) or fresh(work.receiver, now, settings)
                channels[work.receiver] = taken(known, now, settings)
        for receiver in {work.receiver for work in works if work.via == "receiver"}:
            write_channel(connection, channels[receiver])
        if not works:  # another drain has taken them
            return Taken([], wakes_at(rows, channels, now, settings, stopped=stopped))
        again = [_as_leased(connection, work) for work in works]
        tried = tried_threads(connection, [work.head for work in again], now)
        tried |= {row.thread for row in rows if row.thread and row.leased_by}  # and never heard of
    return Taken([(work, _progress(holder, work, tried)) for work in again], ended=ended)


def _known(connection: Connection, now: datetime) -> tuple[list[Row], dict[str, Channel]]:
    rows = [*waiting(connection, now, READ), *held(connection, now)]
    return rows, every_channel(connection)


def _absorb(connection: Connection, work: Work, now: datetime) -> None:
    """Write the row of a new message, and end those that it tells."""
    head = work.head
    if work.new:
        intent = Intent(
            head.outbox_id, head.kind, head.receiver, head.payload, head.not_before, head.lane
        )
        enqueue(connection, intents=[intent], audit_seq=head.seq, now=head.created_at)
    ids = [row.outbox_id for row in work.absorbed]
    leases.absorb(connection, ids, into=head.outbox_id, outcome=work.outcome, now=now)


def _lead(connection: Connection, work: Work, by: str) -> None:
    """Keep with the row that names a message how many it tells, since when, how urgent it is."""
    told = sum(1 + int(row.progress.get("rows", 0)) for row in work.absorbed)
    known = {**work.head.progress, "due": int(work.since.timestamp())}
    if told:
        known["rows"] = told + int(known.get("rows", 0))
    lane = min(row.lane for row in (*work.absorbed, work.head))
    leases.progress(connection, work.outbox_id, known, by=by, lane=lane)


def _as_leased(connection: Connection, work: Work) -> Work:
    """The message with its rows as they are now, and everything it tells, now or from before."""
    rows = rows_of(connection, [row.outbox_id for row in work.rows])
    told = [each for row in rows if "rows" in row.progress for each in absorbed(connection, row)]
    return replace(work, rows=tuple(rows), absorbed=tuple(told), new=False)


def _progress(holder: Holder, work: Work, tried: set[str]) -> Progress:
    first = all(row.attempts == 0 for row in work.rows) and work.head.thread not in tried
    ids = [row.outbox_id for row in work.rows]
    return Progress(holder, ids, dict(work.head.progress), first_try=first)
