from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine

from orchestration.lake import Lake
from tests.support.launched import Live, live
from tests.support.place import Place


@pytest.fixture
def product(tmp_path: Path, ledger: Engine, url: str) -> Iterator[Live]:
    """A product that may begin with ten percent, in Dagster's storage on disk."""
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield live(Place(tmp_path, Lake(str(tmp_path / "lake")), instance), ledger, url)
