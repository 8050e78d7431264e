import pytest
from sqlalchemy import Engine

from tests.support.cases import Office


@pytest.fixture
def office(ledger: Engine) -> Office:
    return Office(ledger)
