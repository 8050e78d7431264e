"""Sample logs for tests: taken in through their mappings, and read back from the lake."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.ingest.load import ingest
from orchestration.ingest.source import Source
from orchestration.inputs import EVENTS, TEXT
from orchestration.lake import Lake

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
AUTH_LOG = ROOT.parent / "shared/data/linux_auth_log/Linux_2k.log"
NOW = datetime(2026, 9, 1, tzinfo=UTC)
EVER = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


def take(lake: Lake, mapping: str, *files: Path) -> Source:
    """Ingest files, or those that the mapping names."""
    source = Source.read(SAMPLES / "sources" / f"{mapping}.toml")
    ingest(lake, source, files or source.paths, now=NOW, hot=timedelta(hours=48))
    return source


def events(lake: Lake, product: str, contract: str) -> pl.DataFrame:
    """Every event, with its restricted text, in order of time and id."""
    declared = contract_of(contract)
    found = lake.scan(f"{EVENTS}/{contract}", [product], EVER, schema=declared.schema)
    if declared.text:
        texts = lake.scan(f"{TEXT}/{contract}", [product], EVER, schema=declared.text_schema)
        written = texts.drop("occurred_at", "received_at", "product")
        found = found.join(written, on="event_id", how="left")
    return found.sort("occurred_at", "event_id").collect()


def kept(column: str) -> pl.Expr:
    """A column of the log that the mapping keeps in `extra`."""
    return pl.col("extra").str.json_path_match(f"$.{column}")
