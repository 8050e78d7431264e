"""New ledgers, each a copy of one made once: the migrations run once in a process, not per test."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
from sqlalchemy import Engine, make_url

from orchestration.ledger.database import connect
from orchestration.ledger.schema import make_ledger
from tests.support.ledgers import act

EMPTY = "template1"  # what PostgreSQL copies when it is told nothing


def new_ledger(url: str) -> Engine:
    """A ledger that was just made, in a SQLite file that is not there yet."""
    path = Path(make_url(url).database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_file())
    return connect(url)


@contextmanager
def new_database(server: str, *, template: str = EMPTY) -> Iterator[str]:
    """URL of a database of a server: a copy of another one, gone in the end."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def one_ledger(folder: Path, server: str | None = None) -> Iterator[Engine]:
    """A ledger that was just made: a file of a folder or a database of a server; closed then."""
    if server is None:
        engine = new_ledger(f"sqlite:///{folder / 'ledger.db'}")
        yield engine
        engine.dispose()
        return
    with new_database(server, template=ledger_of(server)) as url:
        engine = connect(url)
        yield engine
        engine.dispose()


@cache
def ledger_of(server: str) -> str:
    """Name of the database of a server that ledgers are copied from."""
    name = "made_once"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    _make(make_url(server).set(database=name).render_as_string(hide_password=False))
    return name


@cache
def _file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "ledger.db")
        _make(f"sqlite:///{path}")
        return path.read_bytes()  # whole: who closes the last connection empties the WAL into it


def _make(url: str) -> None:
    engine = connect(url)
    make_ledger(engine, ledger_id="ledger-1", act=act())
    engine.dispose()
