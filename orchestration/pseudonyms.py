"""Names for entities that may be shown in the UI, logs and messages, and can be forgotten.

Each entity's name comes from a random key of its own, made when it is first named. Where that key
is destroyed, nobody can say any more whose name it was, and the entity gets another when it comes
again. The keys lie under handles, keyed by the installation's key, so that they name nobody.

Only who is acted on is remembered with the real id, beside the key and as long as it: what was done
to them must be undone even when nothing else here knows them any more.
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
REMEMBERED = """
CREATE TABLE IF NOT EXISTS remembered (
    handle BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, entity TEXT NOT NULL
) WITHOUT ROWID
"""


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
                with _writing(keys):
                    found |= _add(keys, missing)
        return _named(kind, handles, found)

    def remember(self, kind: str, entities: Iterable[str]) -> dict[str, str]:
        """Names as of `names`, whose real ids are kept from now on. For those who are acted on.

        Raises PseudonymError, and keeps none, where the name of one is another's too.
        """
        handles = self._handles(kind, entities)
        if not handles:
            return {}
        with self._opened() as keys, _writing(keys):
            found = _read(keys, handles)
            missing = [handle for handle in handles if handle not in found]
            names = _named(kind, handles, found | (_add(keys, missing) if missing else {}))
            keys.execute(REMEMBERED)
            for handle, entity in handles.items():
                _keep(keys, handle, names[entity], kind, entity)
        return names

    def entities_of(self, names: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Type and real id behind each name that is remembered; others are left out."""
        if not self.path.exists():
            return {}
        with self._opened() as keys:
            if not _has_remembered(keys):
                return {}
            return _remembered(keys, list(names))

    def known(self, kind: str, entities: Iterable[str]) -> dict[str, str]:
        """Names of those entities that have one. Makes none."""
        if not self.path.exists():
            return {}
        handles = self._handles(kind, entities)
        with self._opened() as keys:
            return _named(kind, handles, _read(keys, handles))

    def forget(self, kind: str, entity: str) -> bool:
        """Destroy an entity's key, and its id if it is remembered; whether there was a key.

        May be repeated. Their bytes are in no file of the store when this returns.
        """
        if not self.path.exists():
            return False
        (handle,) = self._handles(kind, [entity])
        with self._opened() as keys:
            with _writing(keys):
                if _has_remembered(keys):
                    keys.execute("DELETE FROM remembered WHERE handle = ?", (handle,))
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
    new = keys.executemany("INSERT OR IGNORE INTO entities VALUES (?, ?)", sorted(made.items()))
    if new.rowcount == len(made):
        return made
    return _read(keys, handles)  # another process was first with some


@contextmanager
def _writing(keys: sqlite3.Connection) -> Iterator[None]:
    with keys:
        keys.execute("BEGIN IMMEDIATE")
        yield


def _keep(keys: sqlite3.Connection, handle: bytes, name: str, kind: str, entity: str) -> None:
    """Remember one. Of two who share a name, the wrong one would be acted on."""
    insert = "INSERT INTO remembered VALUES (?, ?, ?, ?) ON CONFLICT (handle) DO NOTHING"
    try:
        keys.execute(insert, (handle, name, kind, entity))
    except sqlite3.IntegrityError as error:
        raise PseudonymError(
            f"Two entities have the name {name}, which happens to one in millions. Nothing was "
            "remembered. Leave this one out, and act on it in the product by hand."
        ) from error


def _has_remembered(keys: sqlite3.Connection) -> bool:
    """Whether anybody was ever remembered; older stores have no such table."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'remembered'"
    return keys.execute(query).fetchone() is not None


def _remembered(keys: sqlite3.Connection, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for at in range(0, len(names), AT_ONCE):
        some = names[at : at + AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT name, kind, entity FROM remembered WHERE name IN ({marks})"  # noqa: S608
        found |= {name: (kind, entity) for name, kind, entity in keys.execute(query, some)}
    return found


def _named(kind: str, handles: Mapping[bytes, str], keys: Mapping[bytes, bytes]) -> dict[str, str]:
    return {
        entity: pseudonym(keys[handle], kind, entity)
        for handle, entity in handles.items()
        if handle in keys
    }


def _text(entity_type: str, entity: str) -> bytes:
    return f"{len(entity_type)}:{entity_type}{entity}".encode()
