"""Opening a ledger: SQLite in WAL mode, or PostgreSQL; one writer at a time on both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, OperationalError

from orchestration.ledger.errors import LedgerError

WAIT_SECONDS = 30
LOCK = int.from_bytes(b"watchflr", "big")  # of our own choice, below 2^63
WRITES = "ledger_writes"


def connect(url: str) -> Engine:
    """Engine for the ledger at a URL. Opens nothing yet, and makes no table.

    Raises LedgerError for what is neither a SQLite file nor PostgreSQL, or lacks its driver.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    try:
        # The chain's head is read after the lock is had, so each statement must see anew.
        return create_engine(parsed, isolation_level="READ COMMITTED", pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise LedgerError(
            f"The ledger is on PostgreSQL and the driver {error.name} is missing; "
            "install Watchfloor with its extra `postgres`."
        ) from error


def file_of(engine: Engine) -> Path | None:
    """The SQLite file; None on PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return None
    return Path(engine.url.database or "")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may change the ledger; no other writes before it has ended.

    Rolled back when an error leaves the block. Raises LedgerError if another writer does not
    finish in half a minute, and if there is no reaching the database.
    """
    with _begun(engine, writes=True) as connection:
        yield connection
        connection.commit()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees the ledger as of one moment, and waits for no writer.

    Raises LedgerError if there is no reaching the database.
    """
    with _begun(engine, writes=False) as connection:
        yield connection


def writer(connection: Connection) -> Connection:
    """The connection, if `writing` gave it; LedgerError otherwise."""
    if not connection.get_execution_options().get(WRITES):
        raise LedgerError(
            "A change to the ledger was asked for outside a writing transaction; "
            "wanted the connection that `writing(engine)` gives. Use that."
        )
    return connection


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError as error:
        raise LedgerError(
            "The ledger's URL cannot be read; wanted sqlite:////folder/ledger.db or "
            "postgresql://user@host/name. Set WATCHFLOOR_LEDGER."
        ) from error
    if backend not in ("sqlite", "postgresql") or not parsed.database or ":" in parsed.database:
        raise LedgerError(
            f"The ledger's URL is {parsed.render_as_string()}; wanted a file, as in "
            "sqlite:////folder/ledger.db, or postgresql://user@host/name. Set WATCHFLOOR_LEDGER."
        )
    return parsed


def _begun(engine: Engine, *, writes: bool) -> Connection:
    try:
        connection = engine.connect()
        try:
            return _begin(connection, writes=writes)
        except BaseException:  # an interrupt too must not keep a connection from the pool
            connection.close()
            raise
    except OperationalError as error:
        raise LedgerError(
            f"The ledger could not be opened within {WAIT_SECONDS} s: {error.orig}. "
            "Look for a process that holds it, and for the database itself; try again."
        ) from error


def _begin(connection: Connection, *, writes: bool) -> Connection:
    connection.execution_options(**{WRITES: writes})
    if connection.dialect.name == "sqlite":
        connection.begin()
    elif writes:
        connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    else:
        connection.execution_options(isolation_level="REPEATABLE READ")
        connection.begin()
    return connection


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:  # noqa: ANN401 - the driver's own
        del record
        connection.isolation_level = None  # transactions begin where we say, not the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
