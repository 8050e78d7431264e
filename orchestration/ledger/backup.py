"""Copies of a ledger: a SQLite file by its online backup, or a folder of JSON lines."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, DateTime, Engine, MetaData, Table, insert, select, text
from sqlalchemy.exc import DatabaseError

from orchestration.ledger.audit import BATCH, Head, head
from orchestration.ledger.database import connect, file_of, reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import applied, migrate
from orchestration.ledger.tables import metadata

HEAD = "head.json"


def back_up(engine: Engine, *, path: Path) -> None:
    """Copy the whole ledger as of one moment.

    A SQLite ledger becomes a SQLite file, one on PostgreSQL a folder of JSON lines. Writers go on
    meanwhile. The copy appears complete or not at all. Raises LedgerError if `path` is there.
    """
    if path.exists():
        raise LedgerError(f"{path} is there already; wanted a new path for the backup.")
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(made, ignore_errors=True)
    made.unlink(missing_ok=True)
    source = file_of(engine)
    if source is None:
        made.mkdir()
        with reading(engine) as connection:
            _dump(connection, made)
    else:
        _copy(source, made)
    made.rename(path)


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """The tables of a backup of either form, in a scratch copy at the latest migration.

    Raises LedgerError for what is no backup.
    """
    with TemporaryDirectory() as folder:
        scratch = Path(folder) / "ledger.db"
        if path.is_file():
            shutil.copyfile(path, scratch)
        engine = connect(f"sqlite:///{scratch}")
        try:
            with writing(engine) as connection:
                if path.is_dir():
                    _load(connection, path)
                if applied(connection) is None:
                    raise LedgerError(f"{path} is no backup; give what `ledger backup` made.")
                migrate(connection)
            with reading(engine) as connection:
                yield connection
        except DatabaseError as error:
            raise LedgerError(f"{path} is no backup: {error.orig}.") from error
        finally:
            engine.dispose()


def _copy(source: Path, made: Path) -> None:
    with closing(sqlite3.connect(source)) as ledger, closing(sqlite3.connect(made)) as copy:
        ledger.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def _dump(connection: Connection, folder: Path) -> None:
    for table in metadata.sorted_tables:
        every = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
        path = folder / f"{table.name}.jsonl"
        with path.open("w", encoding="utf-8") as lines, connection.execute(every) as rows:
            for row in rows.mappings():
                lines.write(json.dumps(dict(row), default=datetime.isoformat) + "\n")
    last: Head | None = head(connection)
    described = {"migration": applied(connection), "head": asdict(last) if last else None}
    (folder / HEAD).write_text(json.dumps(described, default=datetime.isoformat), encoding="utf-8")


def _load(connection: Connection, folder: Path) -> None:
    """Make the tables as of the dump's migration, and fill them."""
    try:
        described = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        migrate(connection, described["migration"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{folder} is no backup: it has no sound {HEAD}.") from error
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    tables = MetaData()
    tables.reflect(connection)
    for name, table in tables.tables.items():
        path = folder / f"{name}.jsonl"
        if path.exists():
            _fill(connection, table, path)


def _fill(connection: Connection, table: Table, path: Path) -> None:
    times = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    with path.open(encoding="utf-8") as lines:
        rows = (_row(line, times) for line in lines)
        while batch := list(islice(rows, BATCH)):
            connection.execute(insert(table), batch)


def _row(line: str, times: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(line)
    for name in times:
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name]).astimezone(UTC).replace(tzinfo=None)
    return row
