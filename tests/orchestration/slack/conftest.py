from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.support.slack_rooms import Room, rooms


@pytest.fixture
def room(ledger: Engine) -> Iterator[Room]:
    with rooms(ledger) as found:
        yield found
