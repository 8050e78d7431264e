from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.slack_rooms import Room, rooms


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Iterator[Room]:
    with rooms(ledger, tmp_path) as found:
        yield found
