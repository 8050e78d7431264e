from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.orchestration.appeals.houses import House
from tests.orchestration.appeals.houses import house as make_house
from tests.support.cases import Office


@pytest.fixture
def office(ledger: Engine) -> Office:
    return Office(ledger)


@pytest.fixture
def house(ledger: Engine, tmp_path: Path) -> Iterator[House]:
    """A house without faults."""
    with make_house(ledger, tmp_path / "service") as found:
        yield found
