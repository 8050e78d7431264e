import pytest
from sqlalchemy import Engine

from tests.orchestration.acts.desks import Desk


@pytest.fixture
def desk(ledger: Engine) -> Desk:
    return Desk(ledger)
