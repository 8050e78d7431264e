import pytest
from sqlalchemy import Engine

from tests.orchestration.escalation.builders import Night
from tests.orchestration.escalation.builders import night as of


@pytest.fixture
def night(ledger: Engine) -> Night:
    return of(ledger)
