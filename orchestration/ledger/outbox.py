"""The outbox: what is to be done outside the ledger, written with the change that asks for it.

Rows are done in the order of their acts (`seq`), which no clock can change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id, check_time
from orchestration.ledger.rows import BATCH
from orchestration.ledger.tables import channels, outbox

NOTICE, DIGEST = "notice", "digest"
# Nothing that was tried waits longer, and no lease lasts longer: a time further away was written
# by a clock that has been put back since.
LONGEST = timedelta(minutes=15)
DAY = timedelta(days=1)
URGENT = 1  # the last lane of what pages somebody

Payload = Mapping[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to do, not before a time. Equal `outbox_id` means the same thing.

    `receiver` is where it goes, `lane` how urgent it is, the lowest first. The payload holds ids,
    counts and lists of ids; LedgerError names the field that does not.
    """

    outbox_id: str
    kind: str
    receiver: str
    payload: Payload
    not_before: datetime
    lane: int = 0

    def __post_init__(self) -> None:
        check_id("outbox_id", self.outbox_id)
        check_id("kind", self.kind)
        check_id("receiver", self.receiver)
        check_time("not_before", self.not_before)
        for name, value in self.payload.items():
            check_id("a field of the payload", name)
            _check(name, value)


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is to be done. `seq` is the order of its act.

    `progress` is what of it is known to be done; `attempts` counts tries that failed or were never
    heard of again.
    """

    outbox_id: str
    seq: int
    kind: str
    receiver: str
    lane: int
    payload: Mapping[str, Any]
    created_at: datetime
    not_before: datetime
    attempts: int = 0
    leased_by: str | None = None
    leased_until: datetime | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None

    @property
    def thread(self) -> str | None:
        """Thread in which it is told; None for what is told by itself."""
        found = self.payload.get("thread")
        return found if isinstance(found, str) and self.kind != DIGEST else None

    @property
    def untried(self) -> bool:
        """Whether nobody can have been told of it."""
        return not self.attempts and self.leased_by is None

    @property
    def since(self) -> datetime:
        """When it was first due; of one that was put off, as its progress says."""
        if "due" in self.progress:
            return datetime.fromtimestamp(self.progress["due"], UTC)
        return self.created_at if self.attempts else max(self.created_at, self.not_before)

    def is_due(self, now: datetime) -> bool:
        """Whether it may be done now, as `waiting` has it."""
        if self.not_before <= now:
            return True
        if self.attempts:
            return self.not_before > now + LONGEST
        return self.not_before <= self.created_at

    def is_free(self, now: datetime) -> bool:
        """Whether nobody holds it."""
        return not self.leased_until or not now < self.leased_until <= now + LONGEST


def enqueue(
    connection: Connection, *, intents: Sequence[Intent], audit_seq: int, now: datetime
) -> int:
    """Write intents for the act of one audit row; how many were not there yet.

    One whose id is there already, waiting or done, is left as it is.
    """
    insert = sqlite.insert if writer(connection).dialect.name == "sqlite" else postgresql.insert
    unless_there = insert(outbox).on_conflict_do_nothing(index_elements=["outbox_id"])
    written = unless_there.returning(outbox.c.outbox_id)
    new = 0
    for intent in intents:
        row = {
            "outbox_id": intent.outbox_id,
            "audit_seq": audit_seq,
            "kind": intent.kind,
            "receiver": intent.receiver,
            "lane": intent.lane,
            "payload": dict(intent.payload),
            "created_at": now,
            "not_before": intent.not_before,
            "attempts": 0,
        }
        new += len(connection.execute(written, row).all())
    return new


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the oldest row that is still to be done was written; None if nothing waits."""
    waiting = select(outbox.c.created_at).where(outbox.c.done_at.is_(None))
    found: datetime | None = connection.execute(
        waiting.order_by(outbox.c.created_at).limit(1)
    ).scalar_one_or_none()
    return found


def waiting(connection: Connection, now: datetime, limit: int) -> list[Row]:
    """Rows that may be done now, the lowest lane and then the oldest first.

    Left out is what is not urgent at receivers that asked for a pause.
    """
    pausing = and_(
        channels.c.receiver == outbox.c.receiver,
        channels.c.blocked_until > now,
        channels.c.blocked_until <= now + LONGEST,
    )
    wanted = or_(outbox.c.lane <= URGENT, ~exists().where(pausing))
    found = _open().where(due(now), free(now), wanted)
    ordered = found.order_by(outbox.c.lane, outbox.c.audit_seq, outbox.c.outbox_id)
    return _rows(connection, ordered.limit(limit))


def held(connection: Connection, now: datetime) -> list[Row]:
    """Rows that may not be done now, though others depend on them, oldest first.

    Tried and put off, leased by somebody, or notices for later.
    """
    matters = or_(outbox.c.attempts > 0, outbox.c.leased_by.is_not(None), outbox.c.kind == NOTICE)
    found = _open().where(matters, ~and_(due(now), free(now)))
    return _rows(connection, found.order_by(outbox.c.audit_seq, outbox.c.outbox_id))


def backlog(connection: Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many rows are due and not done, leased ones too, and since when the first of them is."""
    later = and_(outbox.c.attempts == 0, outbox.c.not_before > outbox.c.created_at)
    since = case((later, outbox.c.not_before), else_=outbox.c.created_at)
    found = select(func.count(), func.min(since)).where(outbox.c.done_at.is_(None), due(now))
    number, oldest = connection.execute(found).one()
    return number, oldest


def rows_of(connection: Connection, ids: Sequence[str]) -> list[Row]:
    """Rows by id, done or not, oldest first."""
    named = select(outbox)
    rows = [
        row
        for some in batches(ids)
        for row in _rows(connection, named.where(outbox.c.outbox_id.in_(some)))
    ]
    return sorted(rows, key=lambda row: (row.seq, row.outbox_id))


def absorbed(connection: Connection, row: Row) -> list[Row]:
    """Rows that a row tells in their place, oldest first; also those that they had absorbed."""
    ended = select(outbox).where(
        outbox.c.receiver == row.receiver, outbox.c.outcome.in_(("merged", "collapsed"))
    )
    name = outbox.c.progress["into"].as_string()
    found: list[Row] = []
    into = [row.outbox_id]
    while into:
        rows = [
            each
            for some in batches(into)
            for each in _rows(connection, ended.where(name.in_(some)))
        ]
        found += rows
        into = [each.outbox_id for each in rows]
    return sorted(found, key=lambda each: (each.seq, each.outbox_id))


def tried_threads(connection: Connection, rows: Iterable[Row], now: datetime) -> set[str]:
    """Threads of these rows in which something may have arrived that is not known to have."""
    names = sorted({row.thread for row in rows if row.thread})
    thread = outbox.c.payload["thread"].as_string()
    lost = and_(outbox.c.outcome.in_(("fallback", "refused")), outbox.c.done_at > now - DAY)
    tried = select(thread).where(
        outbox.c.attempts > 0,
        outbox.c.receiver.in_({row.receiver for row in rows}),
        or_(outbox.c.done_at.is_(None), lost),
    )
    found: set[str] = set()
    for some in batches(names):
        found.update(connection.scalars(tried.where(thread.in_(some))))
    return found


def due(now: datetime) -> ColumnElement[bool]:
    """Rows whose time has come, whatever was done to the clock since they were written."""
    at_once = and_(outbox.c.attempts == 0, outbox.c.not_before <= outbox.c.created_at)
    put_back = and_(outbox.c.attempts > 0, outbox.c.not_before > now + LONGEST)
    return or_(outbox.c.not_before <= now, at_once, put_back)


def free(now: datetime) -> ColumnElement[bool]:
    """Rows that nobody holds, whatever was done to the clock since they were leased."""
    until = outbox.c.leased_until
    return or_(until.is_(None), until <= now, until > now + LONGEST)


def batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """The ids, so many at a time as one statement can name."""
    return (ids[at : at + BATCH] for at in range(0, len(ids), BATCH))


def _open() -> Select[Any]:
    return select(outbox).where(outbox.c.done_at.is_(None))


def _rows(connection: Connection, found: Select[Any]) -> list[Row]:
    return [_row(row) for row in connection.execute(found).mappings()]


def _row(row: RowMapping) -> Row:
    return Row(
        outbox_id=row["outbox_id"],
        seq=row["audit_seq"],
        kind=row["kind"],
        receiver=row["receiver"],
        lane=row["lane"],
        payload=row["payload"],
        created_at=row["created_at"],
        not_before=row["not_before"],
        attempts=row["attempts"],
        leased_by=row["leased_by"],
        leased_until=row["leased_until"],
        progress=row["progress"] or {},
        error=row["error"],
    )


def _check(name: str, value: object) -> None:
    if isinstance(value, int):
        return
    if isinstance(value, str):
        check_id(f"payload '{name}'", value)
        return
    if not isinstance(value, Sequence):
        raise LedgerError(
            f"payload '{name}' is of type {type(value).__name__}; wanted an id, a count or a list "
            "of ids. Look the rest up when it is sent."
        )
    for item in value:
        check_id(f"payload '{name}'", item)
