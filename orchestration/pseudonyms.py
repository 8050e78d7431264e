"""Names for entities that may be shown in the UI, logs and messages, and can be forgotten.

Each entity's name comes from a random key of its own, made when it is first named. Where that key
is destroyed, nobody can say any more whose name it was, and the entity gets another when it comes
again. The keys lie under handles, keyed by the installation's key, so that they name nobody.
"""

import hmac
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32
OWN_BYTES = 16
SHOWN = 12  # hex digits, 48 bits: among a million entities a clash has a chance of 1 in 560
AT_ONCE = 1000  # handles in one query
WAIT_SECONDS = 30


class PseudonymError(ValueError):
    """The keys cannot be read, or one cannot be destroyed; says what to do."""


def read_key(home: Path) -> bytes:
    """The installation's key, made on first use, readable by its owner alone."""
    path = home / "keys" / "pseudonyms"
    if not path.exists():
        with _appearing(path) as made:
            made.write_bytes(secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def pseudonym(key: bytes, entity_type: str, entity: str) -> str:
    """A short name such as `ip_7f3a09c2e1d4`, the same for one entity as long as the key lives."""
    digest = hmac.digest(key, _text(entity_type, entity), "sha256").hex()[:SHOWN]
    return f"{entity_type.removesuffix('_id')}_{digest}"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The names that one installation gives; safe for several processes at once.

    Nothing is remembered between two calls: another process may have forgotten somebody. Every
    method raises PseudonymError where the keys cannot be had within half a minute.
    """

    home: Path

    @property
    def path(self) -> Path:
        """File of the entities' keys."""
        return self.home / "keys" / "entities.db"

    def name(self, kind: str, entity: str) -> str:
        """Name of one entity of a type. For many, `names` is far faster."""
        return self.names(kind, [entity])[entity]

    def names(self, kind: str, entities: Iterable[str]) -> dict[str, str]:
        """Names of entities of one type; each that has no key yet gets one."""
        handles = self._handles(kind, entities)
        if not handles:
            return {}
        with self._opened() as keys:
            found = _read(keys, handles)
            missing = [handle for handle in handles if handle not in found]
            if missing:
                found |= _add(keys, missing)
        return _named(kind, handles, found)

    def known(self, kind: str, entities: Iterable[str]) -> dict[str, str]:
        """Names of those entities that have one. Makes none."""
        if not self.path.exists():
            return {}
        handles = self._handles(kind, entities)
        with self._opened() as keys:
            return _named(kind, handles, _read(keys, handles))

    def forget(self, kind: str, entity: str) -> bool:
        """Destroy an entity's key; whether there was one. May be repeated.

        Its bytes are in no file of the store when this returns.
        """
        if not self.path.exists():
            return False
        (handle,) = self._handles(kind, [entity])
        with self._opened() as keys:
            with keys:
                keys.execute("BEGIN IMMEDIATE")
                gone = keys.execute("DELETE FROM entities WHERE handle = ?", (handle,)).rowcount
            busy, _, _ = keys.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise PseudonymError(
                "The key is deleted, but a reader keeps the log in which it may still stand. "
                "Do the same again when no other command is running."
            )
        return gone > 0

    def _handles(self, kind: str, entities: Iterable[str]) -> dict[bytes, str]:
        key = read_key(self.home)
        return {
            hmac.digest(key, _text(kind, entity), "sha256")[:OWN_BYTES]: entity
            for entity in entities
        }

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            _make(self.path)
        try:
            with closing(sqlite3.connect(self.path, WAIT_SECONDS, isolation_level=None)) as keys:
                # On for writers too: a page that is split must leave no copy of a key behind.
                keys.execute("PRAGMA secure_delete = ON")
                keys.execute("PRAGMA synchronous = FULL")
                yield keys
        except sqlite3.DatabaseError as error:
            raise PseudonymError(
                f"{self.path} cannot be used: {error}. Look for a process that holds it; if it is "
                "broken, restore it with its folder."
            ) from error


def _make(path: Path) -> None:
    """Make an empty store, complete with its journal mode before anybody can open it."""
    with _appearing(path) as made, closing(sqlite3.connect(made)) as keys:
        keys.execute(
            "CREATE TABLE entities (handle BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID"
        )
        keys.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A file for its owner alone, which appears under its name once it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    made.touch(mode=0o600)
    try:
        yield made
        # A link, unlike a rename, is refused when another process was first: its file is the one.
        with suppress(FileExistsError):
            path.hardlink_to(made)
    finally:
        made.unlink()


def _read(keys: sqlite3.Connection, handles: Iterable[bytes]) -> dict[bytes, bytes]:
    wanted = list(handles)
    found: dict[bytes, bytes] = {}
    for at in range(0, len(wanted), AT_ONCE):
        some = wanted[at : at + AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT handle, key FROM entities WHERE handle IN ({marks})"  # noqa: S608
        found.update(keys.execute(query, some).fetchall())
    return found


def _add(keys: sqlite3.Connection, handles: Sequence[bytes]) -> dict[bytes, bytes]:
    drawn = secrets.token_bytes(OWN_BYTES * len(handles))
    made = {
        handle: drawn[at * OWN_BYTES : (at + 1) * OWN_BYTES] for at, handle in enumerate(handles)
    }
    with keys:
        keys.execute("BEGIN IMMEDIATE")
        new = keys.executemany("INSERT OR IGNORE INTO entities VALUES (?, ?)", sorted(made.items()))
        if new.rowcount == len(made):
            return made
        return _read(keys, handles)  # another process was first with some


def _named(kind: str, handles: Mapping[bytes, str], keys: Mapping[bytes, bytes]) -> dict[str, str]:
    return {
        entity: pseudonym(keys[handle], kind, entity)
        for handle, entity in handles.items()
        if handle in keys
    }


def _text(entity_type: str, entity: str) -> bytes:
    return f"{len(entity_type)}:{entity_type}{entity}".encode()
