"""How enforcement stands in the ledger: rows by state, caps used, what waits for people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, func, select

from orchestration.enforcement.caps import PREFIX, Usage, usage
from orchestration.enforcement.preview import Preview
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.tables import batches, enforcements

SOON = timedelta(hours=4)
AMONG = 2000  # of the newest rows some are drawn
S = EnforcementState
e, b = enforcements.c, batches.c


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts at one moment.

    `states` are mode, state and rows, `codes` why rows were blocked or failed. `breached` are ids
    of batches that a cap stops. `ending` are those of `awaiting` that run out soon.
    """

    states: Sequence[tuple[str, str, int]]
    codes: Sequence[tuple[str, int]]
    used: Usage
    breached: Sequence[str]
    awaiting: int
    ending: int


def standing(connection: Connection, now: datetime) -> Standing:
    """Count every row."""
    states = select(e.mode, e.state, func.count()).group_by(e.mode, e.state)
    codes = select(e.code, func.count()).where(e.code.is_not(None)).group_by(e.code)
    waits = e.state == S.AWAITING
    return Standing(
        [(row[0], row[1], row[2]) for row in connection.execute(states.order_by(e.mode, e.state))],
        [(row[0], row[1]) for row in connection.execute(codes.order_by(e.code))],
        usage(connection, now),
        stopped(connection),
        _count(connection, waits),
        _count(connection, waits & (e.expires_at <= now + SOON)),
    )


def stopped(connection: Connection) -> list[str]:
    """Ids of batches that a cap stops: nobody resumed them, and rows still wait for that."""
    waits = select(e.batch_id).where(
        e.state == S.BLOCKED, e.code.startswith(PREFIX, autoescape=True)
    )
    found = select(b.batch_id).where(
        b.breach.is_not(None), b.resumed_at.is_(None), b.batch_id.in_(waits)
    )
    return list(connection.scalars(found.order_by(b.breached_at, b.batch_id)))


def previews(connection: Connection, batch_ids: Sequence[str]) -> dict[str, str]:
    """What batches would do, in a sentence each: counts, and nobody's name."""
    rows = select(b.batch_id, b.preview).where(b.batch_id.in_(batch_ids)).order_by(b.batch_id)
    return {row.batch_id: Preview(**row.preview).text for row in connection.execute(rows)}


def caps_of(connection: Connection, batch_ids: Collection[str]) -> dict[str, str]:
    """The cap that stops each of some batches, by id; only of those that one stops."""
    waits = set(batch_ids).intersection(stopped(connection))
    rows = select(b.batch_id, b.breach).where(b.batch_id.in_(sorted(waits)))
    return {row.batch_id: row.breach for row in connection.execute(rows.order_by(b.batch_id))}


def drawn(connection: Connection, n: int, *, seed: str) -> list[str]:
    """Keys of some rows that are applied, of the newest; the same for the same seed."""
    applied = (e.state == S.APPLIED, e.mode == "live", e.reversal_id.is_(None))
    newest = select(e.idempotency_key).where(*applied).order_by(e.executing_at.desc())
    keys = connection.scalars(newest.limit(AMONG)).all()
    return sorted(keys, key=lambda key: sha256(f"{seed}:{key}".encode()).digest())[:n]


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.scalars(select(func.count()).select_from(enforcements).where(condition)).one()
