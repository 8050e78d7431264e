"""The outbox: what is to be done outside the ledger, written with the change that asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id, check_time
from orchestration.ledger.tables import outbox

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
