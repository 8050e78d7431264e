"""Fields of targets: their values, who set them, and how they end by themselves."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from orchestration.reference_service.asks import Spot
from orchestration.reference_service.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Standing:
    """What a field has: value, when it ends, and the key that set it, None if a person did."""

    value: str
    until: str | None
    by: str | None


def stamp(at: datetime) -> str:
    """A time in UTC as a text of fixed length, which sorts as it does."""
    return at.isoformat(timespec="microseconds")


def read(state: sqlite3.Connection, spot: Spot) -> Standing:
    """What a field has now. Raises RefusedError for an unknown target or field."""
    found = state.execute(
        "SELECT value, until, by FROM fields WHERE target_type = ? AND target = ? AND field = ?",
        (spot.target_type, spot.target, spot.field),
    ).fetchone()
    if found:
        return Standing(*found)
    known = state.execute(
        "SELECT 1 FROM fields WHERE target_type = ? AND target = ?",
        (spot.target_type, spot.target),
    ).fetchone()
    if known:
        raise RefusedError(422, "unknown_action", "The target has no field of this action's class.")
    raise RefusedError(404, "unknown_target", "There is no target of this type and id.")


def change(  # noqa: PLR0917 - where, what, and how the log names it
    state: sqlite3.Connection, spot: Spot, to: Standing, kind: str, key: str | None, at: str
) -> None:
    """Set a field, and log it as an effect of `key`; a field that is new had null before."""
    where = (spot.target_type, spot.target, spot.field)
    before = state.execute(
        "SELECT value FROM fields WHERE target_type = ? AND target = ? AND field = ?", where
    ).fetchone()
    state.execute(
        "INSERT OR REPLACE INTO fields VALUES (?, ?, ?, ?, ?, ?)",
        (*where, to.value, to.until, to.by),
    )
    log(state, at, kind, key, spot, before and before[0], to.value)


def log(  # noqa: PLR0917 - the columns in their order
    state: sqlite3.Connection,
    at: str,
    kind: str,
    key: str | None,
    spot: Spot,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Add a line to the log."""
    state.execute(
        "INSERT INTO log (at, kind, key, target_type, target, field, before, after) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (at, kind, key, spot.target_type, spot.target, spot.field or None, before, after),
    )


def end_due(state: sqlite3.Connection, now: datetime) -> None:
    """End what is over: each field falls back to what its application replaced."""
    due = (
        "SELECT f.target_type, f.target, f.field, f.until, a.key, a.prior, a.prior_until, "
        "a.prior_by FROM fields f JOIN actions a ON a.key = f.by WHERE f.until <= ? "
        "ORDER BY f.until, f.by"
    )
    while rows := state.execute(due, (stamp(now),)).fetchall():
        for target_type, target, name, until, key, *prior in rows:
            spot = Spot(target_type, target, name)
            change(state, spot, Standing(*prior), "ended", key, until)
