"""Ledgers for tests of crash schedules: a plugin, since fixtures cannot be imported."""

from collections.abc import Iterator

import pytest

from tests.support.crash_ledgers import New, on_postgresql, on_sqlite


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[New]:
    with on_sqlite(tmp_path_factory.mktemp("ledgers")) as new:
        yield new


@pytest.fixture(scope="module")
def postgresql(server: str) -> Iterator[New]:
    with on_postgresql(server) as new:
        yield new


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest) -> New:
    found: New = request.getfixturevalue(request.param)
    return found
