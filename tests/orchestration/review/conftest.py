from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.review import Desk
from tests.support.review import desk as made


@pytest.fixture
def desk(ledger: Engine, tmp_path: Path) -> Desk:
    return made(ledger, tmp_path)
