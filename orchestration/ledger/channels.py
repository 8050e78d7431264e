"""Receivers: how much may be sent to each now, and what went elsewhere while one was away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from orchestration.ledger.ids import digest_parts
from orchestration.ledger.outbox import Intent, Row, enqueue
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import channels, outbox

ELSEWHERE = "elsewhere"
LANE = 2


@dataclass(frozen=True, slots=True)
class Channel:
    """A receiver. `tokens` were left at `refilled_at`; less than 0 after urgent ones went first.

    Nothing is sent before `blocked_until`. `failing_since` is null while what is sent arrives.
    """

    receiver: str
    tokens: float
    refilled_at: datetime
    blocked_until: datetime | None = None
    failing_since: datetime | None = None


def channel(connection: Connection, receiver: str) -> Channel | None:
    """What is known of a receiver; None before anything was sent to it."""
    found = select(channels).where(channels.c.receiver == receiver)
    row = connection.execute(found).mappings().one_or_none()
    return Channel(**row) if row else None


def every_channel(connection: Connection) -> dict[str, Channel]:
    """What is known of every receiver."""
    rows = connection.execute(select(channels)).mappings()
    return {row["receiver"]: Channel(**row) for row in rows}


def write_channel(connection: Connection, known: Channel) -> None:
    """Keep what is known of a receiver."""
    row = {column.name: getattr(known, column.name) for column in channels.columns}
    upsert(connection, channels, [row], by=["receiver"])


def count_elsewhere(
    connection: Connection, rows: Sequence[Row], *, since: datetime, now: datetime
) -> None:
    """Count rows that went elsewhere in the one row that says so when their receiver is back."""
    waits = (
        outbox.c.receiver == rows[-1].receiver,
        outbox.c.kind == ELSEWHERE,
        outbox.c.done_at.is_(None),
        outbox.c.leased_by.is_(None),
    )
    found = select(outbox.c.outbox_id, outbox.c.payload).where(*waits).limit(1)
    known = connection.execute(found).one_or_none()
    if known:
        payload = {**known.payload, "n": known.payload["n"] + len(rows)}
        same = update(outbox).where(outbox.c.outbox_id == known.outbox_id)
        connection.execute(same.values(payload=payload))
        return
    intent = Intent(
        outbox_id=digest_parts(ELSEWHERE, rows[-1].receiver, rows[-1].outbox_id),
        kind=ELSEWHERE,
        receiver=rows[-1].receiver,
        lane=LANE,
        payload={"n": len(rows), "since": int(since.timestamp())},
        not_before=now,
    )
    enqueue(connection, intents=[intent], audit_seq=rows[-1].seq, now=now)
