from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.ingest.load import ingest
from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source
from orchestration.lake import Lake

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOT = timedelta(hours=48)

Rows = Callable[[str, str], pl.DataFrame]
Take = Callable[..., IngestReport]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def rows(lake: Lake) -> Rows:
    """Every row of a table, by table and product, in order of time and id."""

    def read(table: str, product: str) -> pl.DataFrame:
        kind, name = table.split("/")
        contract = contract_of(name)
        schema = contract.text_schema if kind == "text" else contract.schema
        span = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
        found = lake.scan(table, [product], span, schema=schema)
        return found.sort("occurred_at", "event_id").collect()

    return read


@pytest.fixture
def quarantine(lake: Lake) -> Rows:
    """Every quarantined row of a contract and product, in order of file and row."""

    def read(contract: str, product: str) -> pl.DataFrame:
        folder = Path(lake.root) / "quarantine" / contract / f"product={product}"
        files = sorted(folder.rglob("*.parquet"))
        return pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in files]).sort(
            "file", "row"
        )

    return read


@pytest.fixture
def take(lake: Lake) -> Take:
    """Ingest files at the tests' own time."""

    def run(source: Source, *paths: str | Path, now: datetime = NOW) -> IngestReport:
        return ingest(lake, source, paths, now=now, hot=HOT)

    return run
