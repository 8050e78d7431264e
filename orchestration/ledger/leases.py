"""Leases of outbox rows: only who holds a row may write what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, case, update

from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id
from orchestration.ledger.outbox import batches, free
from orchestration.ledger.tables import outbox

Outcome = Literal["sent", "merged", "collapsed", "fallback", "refused"]
FREED = {"leased_by": None, "leased_until": None}


class LostLeaseError(LedgerError):
    """Somebody else holds the row by now, or it is done; leave the transaction without a commit."""


def lease(
    connection: Connection, ids: Sequence[str], *, by: str, now: datetime, until: datetime
) -> set[str]:
    """Lease rows that nobody holds; the ids of those that were had.

    A lease that its holder let run out counts as an attempt: nobody knows what came of it.
    """
    lost = case((outbox.c.leased_by.is_(None), 0), else_=1)
    taken = (
        update(outbox)
        .where(outbox.c.done_at.is_(None), free(now))
        .values(leased_by=by, leased_until=until, attempts=outbox.c.attempts + lost)
        .returning(outbox.c.outbox_id)
    )
    had: set[str] = set()
    for some in batches(ids):
        had.update(writer(connection).scalars(taken.where(outbox.c.outbox_id.in_(some))))
    return had


def renew(connection: Connection, ids: Sequence[str], *, by: str, until: datetime) -> None:
    """Hold leased rows until another time."""
    _write(connection, ids, _held(by), {"leased_until": until})


def release(connection: Connection, ids: Sequence[str], *, by: str) -> None:
    """Give leased rows back as they were, not tried. One that is lost is left alone."""
    for some in batches(ids):
        given = update(outbox).where(_held(by), outbox.c.outbox_id.in_(some))
        writer(connection).execute(given.values(FREED))


def progress(
    connection: Connection,
    outbox_id: str,
    parts: Mapping[str, str | int],
    *,
    by: str,
    lane: int | None = None,
) -> None:
    """Keep what is done of a row, in place of what was known. Parts are ids and counts."""
    for name, value in parts.items():
        check_id(f"progress '{name}'", str(value))
    values: dict[str, Any] = {"progress": dict(parts)}
    _write(connection, [outbox_id], _held(by), values if lane is None else {**values, "lane": lane})


def done(
    connection: Connection,
    ids: Sequence[str],
    *,
    by: str,
    outcome: Outcome,
    now: datetime,
    error: str | None = None,
) -> None:
    """End leased rows, all or none. `error` is the code of a failure; None keeps the last one."""
    values: dict[str, Any] = {"outcome": outcome, "done_at": now, **FREED}
    if error is not None:
        values["error"] = check_id("error", error)
    _write(connection, ids, _held(by), values)


def retry(
    connection: Connection, ids: Sequence[str], *, by: str, not_before: datetime, error: str
) -> None:
    """Put leased rows off after a failure, whose code is kept."""
    values = {"not_before": not_before, "error": check_id("error", error), **FREED}
    _write(connection, ids, _held(by), {**values, "attempts": outbox.c.attempts + 1})


def absorb(
    connection: Connection, ids: Sequence[str], *, into: str, outcome: Outcome, now: datetime
) -> None:
    """End rows that were never tried and that nobody holds: another row tells them."""
    untold = and_(outbox.c.done_at.is_(None), outbox.c.attempts == 0, outbox.c.leased_by.is_(None))
    values = {"outcome": outcome, "done_at": now, "progress": {"into": into}}
    _write(connection, ids, untold, values)


def _held(by: str) -> ColumnElement[bool]:
    return and_(outbox.c.leased_by == by, outbox.c.done_at.is_(None))


def _write(
    connection: Connection,
    ids: Sequence[str],
    which: ColumnElement[bool],
    values: Mapping[str, Any],
) -> None:
    changed = 0
    for some in batches(ids):
        rows = update(outbox).where(which, outbox.c.outbox_id.in_(some)).values(values)
        changed += writer(connection).execute(rows).rowcount
    if changed != len(ids):
        raise LostLeaseError(
            f"{changed} of {len(ids)} outbox rows could be written; wanted all. The others are "
            "held or were ended by somebody else. Leave them to that one."
        )
