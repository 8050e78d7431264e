"""Dagster's storage in SQLite, with its connections kept open; dagster.yaml names it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, SqliteStorageConfig
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

MAX_OPEN = 4  # databases; Dagster has one for each run, and an index


class KeptEventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite, with its connections kept open.

    Dagster opens a database anew, compiles the statement anew and waits for the disk for each of
    an event's up to five transactions, and a tick has hundreds of events. Commits here do not wait
    for the disk (`synchronous = NORMAL`): after a loss of power the newest may be gone, which no
    finding rests on, and the database is whole.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        """The shard's engine, kept; the one used least lately is closed for another."""
        found = self._engines.pop(shard, None) or _engine(self.conn_string_for_shard(shard))
        self._engines[shard] = found
        if len(self._engines) > MAX_OPEN:
            oldest = next(name for name in self._engines if name != INDEX_SHARD_NAME)
            self._engines.pop(oldest).dispose()
        return found

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, and touch the run's database: the UI follows a run by that.

        While a connection is open, SQLite writes to another file beside it.
        """
        super().store_event(event)
        os.utime(self.path_for_shard(event.run_id))

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that was there once is not looked for again."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def wipe(self) -> None:
        """Delete every event, and the files of the runs."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Stop watching, and close every database."""
        super().dispose()
        self._close()

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


def _engine(address: str) -> Engine:
    engine = create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = NORMAL"))
    return engine


class KeptStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, same files, with `KeptEventLog`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = KeptEventLog(str(Path(base_dir, "history", "runs")))

    @classmethod
    def from_config_value(  # type: ignore[override]  # as Dagster's own narrows it
        cls, inst_data: ConfigurableClassData, config_value: SqliteStorageConfig
    ) -> "KeptStorage":
        """The storage that dagster.yaml describes."""
        return cls.from_local(inst_data=inst_data, **config_value)
