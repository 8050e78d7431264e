"""The audit: one row per act, each holding the hash of the row before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from monitors.finding_ids import microseconds
from orchestration.ledger.acts import Act
from orchestration.ledger.database import writer
from orchestration.ledger.ids import check_id, digest_parts
from orchestration.ledger.tables import audit

NOTHING_BEFORE = "0" * 64
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit. `before` and `after` are digests of the object; null if none."""

    seq: int
    prev_hash: str
    hash: str
    at: datetime
    actor: str
    on_behalf_of: str | None
    verb: str
    object: str
    before: str | None
    after: str | None
    reason: str


FIELDS = [field.name for field in fields(Entry)]


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the audit."""

    seq: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One changed object of an act: what was done to it, and its digests before and after."""

    verb: str
    object_id: str
    before: str | None = None
    after: str | None = None


def append(
    connection: Connection,
    *,
    act: Act,
    verb: str,
    object_id: str,
    before: str | None = None,
    after: str | None = None,
) -> int:
    """Write the next row of the audit; its number.

    An actor that is no person is written as `system:<id>`. Raises LedgerError outside `writing`.
    """
    return append_all(connection, act=act, changes=[Change(verb, object_id, before, after)])


def append_all(connection: Connection, *, act: Act, changes: Sequence[Change]) -> int:
    """Write a row for each change of one act, in order; the number of the last row there is."""
    last = head(writer(connection))
    seq, prev = (last.seq, last.hash) if last else (0, NOTHING_BEFORE)
    rows = []
    for change in changes:
        seq += 1
        entry = _entry(seq, prev, act, change)
        prev = entry.hash
        rows.append({name: getattr(entry, name) for name in FIELDS})
    if rows:
        connection.execute(insert(audit), rows)
    return seq


def _entry(seq: int, prev: str, act: Act, change: Change) -> Entry:
    entry = Entry(
        seq=seq,
        prev_hash=prev,
        hash="",
        at=act.at,
        actor=act.actor.id if act.actor.kind == "person" else f"system:{act.actor.id}",
        on_behalf_of=act.on_behalf_of,
        verb=check_id("verb", change.verb),
        object=check_id("object", change.object_id),
        before=change.before,
        after=change.after,
        reason=act.reason,
    )
    return replace(entry, hash=entry_hash(entry))


def entry_hash(entry: Entry) -> str:
    """SHA-256 over the length-prefixed parts of a row, its own hash left out."""
    return digest_parts(
        str(entry.seq),
        entry.prev_hash,
        str(microseconds(entry.at)),
        entry.actor,
        entry.on_behalf_of,
        entry.verb,
        entry.object,
        entry.before,
        entry.after,
        entry.reason,
    )


def head(connection: Connection) -> Head | None:
    """The last row; None while there is none."""
    newest = select(audit.c.seq, audit.c.hash, audit.c.at).order_by(audit.c.seq.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Head(*row) if row else None


def entries(connection: Connection) -> Iterator[Entry]:
    """Every row, oldest first, a batch in memory at a time."""
    every = select(*(audit.c[name] for name in FIELDS)).order_by(audit.c.seq)
    batch = connection.execute(every.limit(BATCH)).all()
    while batch:
        yield from (Entry(*row) for row in batch)
        after = audit.c.seq > batch[-1].seq
        batch = connection.execute(every.where(after).limit(BATCH)).all()


def ledger_id(connection: Connection) -> str | None:
    """The id a ledger was given when it was made; None if its first row does not tell."""
    first = select(audit.c.object).where(audit.c.seq == 1)
    found: str | None = connection.execute(first).scalar_one_or_none()
    return found.removeprefix("ledger:") if found else None
