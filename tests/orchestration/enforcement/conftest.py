"""The floor on which enforcement is tested: a ledger of either kind, and a service over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.executing import Floor
from tests.support.executing import floor as make_floor


@pytest.fixture
def floor(ledger: Engine, tmp_path: Path) -> Iterator[Floor]:
    """A floor without faults."""
    with make_floor(ledger, tmp_path / "service") as found:
        yield found
