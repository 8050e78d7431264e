from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.lake import Lake
from tests.support.place import Place

pytest_plugins = ["tests.support.databases"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Place(tmp_path, Lake(str(tmp_path / "lake")), instance)
