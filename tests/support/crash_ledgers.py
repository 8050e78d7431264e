"""Ledgers for many schedules: each a copy of one that was made once, on SQLite or PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, create_engine, make_url, text

from tests.support.crash_homes import make

New = Callable[
    [Path], AbstractContextManager[str]
]  # a ledger's URL for the home of an installation


@contextmanager
def on_sqlite(folder: Path) -> Iterator[New]:
    """Ledgers that are files in the homes; the first is made in the folder."""
    first = folder / "first.db"
    make(f"sqlite:///{first}")

    @contextmanager
    def new(home: Path) -> Iterator[str]:
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(first, home / "ledger.db")
        yield f"sqlite:///{home / 'ledger.db'}"

    yield new


@contextmanager
def on_postgresql(server: str) -> Iterator[New]:
    """Ledgers that are databases of a server; all are gone in the end."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")

    def url(name: str) -> str:
        return make_url(server).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def new(home: Path) -> Iterator[str]:
        del home
        with admin.connect() as connection, _database(connection, first) as name:
            yield url(name)

    try:
        with admin.connect() as connection, _database(connection) as first:
            make(url(first))
            yield new
    finally:
        admin.dispose()


@contextmanager
def _database(connection: Connection, template: str = "template1") -> Iterator[str]:
    name = f"crashes_{uuid4().hex}"
    connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield name
    finally:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
