"""What the service does, each in one transaction, and each key once."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.reference_service import fields
from orchestration.reference_service.asks import (
    Application,
    Restoration,
    Spot,
    Target,
    canonical,
)
from orchestration.reference_service.errors import RefusedError
from orchestration.reference_service.fields import Standing, stamp
from orchestration.reference_service.tables import opened

Json = dict[str, Any]
PAGE = 1000  # lines of the log at once


class Store:
    """The state in a file; safe for several threads, and for several processes."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._state = opened(path)
        self._clock = clock
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file, once no request is under way."""
        with self._lock:
            self._state.close()

    def apply(self, ask: Application) -> Json:
        """Set a field; raises RefusedError, which is kept under the key for who asks."""
        with self._acting(ask, "apply") as (state, now, known):
            if known:
                return known
            standing = fields.read(state, ask.spot)
            until = stamp(ask.until) if ask.until else None
            if until and until <= stamp(now):
                raise RefusedError(422, "already_over", "The end of the order has passed.")
            outcome = "already" if _covers(standing, ask.value, until) else "applied"
            if outcome == "applied":
                changed = Standing(ask.value, until, ask.key)
                fields.change(state, ask.spot, changed, "applied", ask.key, stamp(now))
            return _keep(state, ask, "apply", outcome, standing, ask.value)

    def restore(self, ask: Restoration) -> Json:
        """Give back what an application replaced, unless somebody changed it since."""
        with self._acting(ask, "restore") as (state, now, known):
            if known:
                return known
            done = _application(state, ask)
            standing = fields.read(state, ask.spot)
            if done["outcome"] == "applied" and standing.by == ask.of:
                prior = Standing(done["prior"], done["prior_until"], done["prior_by"])
                fields.change(state, ask.spot, prior, "restored", ask.key, stamp(now))
                fields.end_due(state, now)
                after, outcome = fields.read(state, ask.spot).value, "restored"
            else:
                after = standing.value
                outcome = "restored" if after == done["prior"] else "changed_since"
            return _keep(state, ask, "restore", outcome, standing, after)

    def find(self, key: str) -> Json:
        """The receipt under a key."""
        with self._lock:
            found = _row(self._state, key)
        if found is None:
            raise RefusedError(404, "unknown_key", "Nothing was asked under this key.")
        return _receipt(found)

    def tell(self, notice_id: str, target_type: str, target: str, digest: str) -> Json:
        """Note that a user was told; once per id."""
        with self._transaction() as (state, now):
            query = "SELECT digest FROM notices WHERE id = ?"
            known = state.execute(query, (notice_id,)).fetchone()
            if known and known[0] != digest:
                raise _reused()
            if not known:
                state.execute("INSERT INTO notices VALUES (?, ?)", (notice_id, digest))
                spot = Spot(target_type, target, "")
                fields.log(state, stamp(now), "notice", notice_id, spot)
        return {"id": notice_id}

    def put(self, targets: list[Target]) -> Json:
        """Set fields by hand. What an application had set there is changed since."""
        with self._transaction() as (state, now):
            for target in targets:
                for name, value in target.fields.items():
                    spot = Spot(target.target_type, target.target, name)
                    by_hand = Standing(value, None, None)
                    fields.change(state, spot, by_hand, "by_hand", None, stamp(now))
        return {"targets": len(targets)}

    def target(self, target_type: str, target: str) -> Json:
        """All fields of a target, with when they end and by which key they were set."""
        with self._transaction() as (state, _):
            rows = state.execute(
                "SELECT field, value, until, by FROM fields WHERE target_type = ? AND target = ?",
                (target_type, target),
            ).fetchall()
        if not rows:
            raise RefusedError(404, "unknown_target", "There is no target of this type and id.")
        found = {
            name: {"value": json.loads(value), "until": until, "by": by}
            for name, value, until, by in rows
        }
        return {"target_type": target_type, "target": target, "fields": found}

    def log(self, after: int) -> Json:
        """Effects after a number, in order, a thousand at most."""
        with self._transaction() as (state, _):
            query = "SELECT * FROM log WHERE seq > ? ORDER BY seq LIMIT ?"
            rows = state.execute(query, (after, PAGE)).fetchall()
        return {"log": [dict(row) for row in rows]}

    @contextmanager
    def _acting(
        self, ask: Application | Restoration, kind: str
    ) -> Iterator[tuple[sqlite3.Connection, datetime, Json | None]]:
        """A transaction for one key, with the receipt if it was done before."""
        refused: RefusedError | None = None
        with self._transaction() as (state, now):
            known = _row(state, ask.key)
            if known and known["digest"] != ask.digest:
                raise _reused()
            done = known if known and known["outcome"] != "refused" else None
            try:
                yield state, now, _receipt(done) if done else None
            except RefusedError as error:  # raised before anything was changed
                refused = error
                _keep_refusal(state, ask, kind, error.code)
        if refused:
            raise refused

    @contextmanager
    def _transaction(self) -> Iterator[tuple[sqlite3.Connection, datetime]]:
        with self._lock:
            self._state.execute("BEGIN IMMEDIATE")
            try:
                now = self._clock()
                fields.end_due(self._state, now)
                yield self._state, now
                self._state.execute("COMMIT")
            except BaseException:  # an interrupt too must leave no transaction open
                if self._state.in_transaction:
                    self._state.execute("ROLLBACK")
                raise


def _covers(standing: Standing, value: str, until: str | None) -> bool:
    """Whether a field has the value, for at least as long as is wanted."""
    if standing.value != value:
        return False
    return standing.until is None or (until is not None and standing.until >= until)


def _application(state: sqlite3.Connection, ask: Restoration) -> sqlite3.Row:
    """The application that is to be undone."""
    done = _row(state, ask.of)
    if done is None or done["kind"] != "apply" or done["outcome"] == "refused":
        raise RefusedError(404, "unknown_application", "Nothing was applied under that key.")
    if (done["target_type"], done["target"], done["field"]) != _where(ask.spot):
        raise RefusedError(409, "other_target", "That key was applied to another target or field.")
    if canonical(done["prior"]) != ask.prior:
        raise RefusedError(409, "prior_differs", "The prior value on record is another.")
    return done


def _keep(  # noqa: PLR0917 - the columns in their order
    state: sqlite3.Connection,
    ask: Application | Restoration,
    kind: str,
    outcome: str,
    prior: Standing,
    now: str,
) -> Json:
    """Keep what was done under the key; its receipt."""
    state.execute(
        "INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(ask.key, kind, ask.digest, outcome, f"r-{ask.digest[:16]}"),
            *(prior.value, now, *_where(ask.spot), prior.until, prior.by),
        ),
    )
    found = _row(state, ask.key)
    if found is None:
        raise RuntimeError("A row that was written is not there.")
    return _receipt(found)


def _keep_refusal(
    state: sqlite3.Connection, ask: Application | Restoration, kind: str, code: str
) -> None:
    state.execute(
        "INSERT OR REPLACE INTO actions VALUES "
        "(?, ?, ?, 'refused', ?, NULL, NULL, ?, ?, ?, NULL, NULL)",
        (ask.key, kind, ask.digest, code, *_where(ask.spot)),
    )


def _row(state: sqlite3.Connection, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = state.execute(
        "SELECT * FROM actions WHERE key = ?", (key,)
    ).fetchone()
    return row


def _receipt(row: sqlite3.Row) -> Json:
    return {name: row[name] for name in ("key", "outcome", "receipt", "prior", "now")}


def _where(spot: Spot) -> tuple[str, str, str]:
    return spot.target_type, spot.target, spot.field


def _reused() -> RefusedError:
    return RefusedError(409, "key_reused", "This key stands for a request with another body.")
