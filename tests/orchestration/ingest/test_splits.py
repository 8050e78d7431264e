import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.ingest import lines
from orchestration.ingest.load import ingest
from orchestration.ingest.source import Source
from orchestration.lake import Lake

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SPAN = Span(NOW - timedelta(days=10), NOW)
# Hours around the boundary of hot and old, and around a midnight.
MINUTES = st.integers(0, 5 * 24 * 60 - 1).map(lambda m: NOW - timedelta(minutes=m + 1))
EVENTS = st.lists(
    st.tuples(MINUTES, st.sampled_from(["ann", "bob", ""]), st.sampled_from(["hi", "oh", ""])),
    min_size=1,
    max_size=12,
    unique=True,
)


def write(path: Path, events: list[tuple[datetime, str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["occurred_at", "account_id", "text"])
        writer.writerows([time.isoformat(), *rest] for time, *rest in events)
    return path


def rows(lake: Lake, kind: str) -> pl.DataFrame:
    contract = contract_of("prompts")
    schema = contract.text_schema if kind == "text" else contract.schema
    found = lake.scan(f"{kind}/prompts", ["chat"], SPAN, schema=schema)
    return found.sort("occurred_at", "event_id").collect()


@settings(max_examples=25, deadline=None)
@given(
    events=EVENTS,
    cuts=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    backwards=st.booleans(),
    later=st.booleans(),
)
def test_any_split_into_two_ingests_with_overlap_gives_the_same_rows(
    events: list[tuple[datetime, str, str]], cuts: tuple[int, int], *, backwards: bool, later: bool
) -> None:
    source = Source("chat", "prompts", hash={"text_hash": "text"})
    hot = timedelta(hours=48)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        whole, split = Lake(str(home / "whole")), Lake(str(home / "split"))
        ingest(whole, source, [write(home / "all.csv", events)], now=NOW, hot=hot)
        halves = [events[: max(cuts)], events[min(cuts) :]]  # they overlap between the cuts
        logs = [write(home / f"{i}.csv", half) for i, half in enumerate(halves)]
        for i, log in enumerate(reversed(logs) if backwards else logs):
            now = NOW + timedelta(days=2 * i) if later else NOW  # hours get old in between
            ingest(split, source, [log], now=now, hot=hot)
        for kind in ("events", "text"):
            wanted, found = rows(whole, kind), rows(split, kind)
            assert found.drop("received_at").equals(wanted.drop("received_at"))
        assert rows(split, "events").height == len(events)


@contextmanager
def _blocks_of(size: int) -> Iterator[None]:
    before, lines.BLOCK = lines.BLOCK, size
    try:
        yield
    finally:
        lines.BLOCK = before


@settings(max_examples=15, deadline=None)
@given(events=EVENTS, repeats=st.lists(st.integers(0, 11), max_size=10), block=st.integers(16, 400))
def test_where_a_file_is_cut_into_batches_changes_nothing(
    events: list[tuple[datetime, str, str]], repeats: list[int], block: int
) -> None:
    repeated = [*events, *(events[i % len(events)] for i in repeats)]
    source = Source("chat", "prompts")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        log = write(home / "all.csv", repeated)
        found = []
        for size in (8 << 20, block):
            with _blocks_of(size):
                lake = Lake(str(home / f"lake-{size}"))
                report = ingest(lake, source, [log], now=NOW, hot=timedelta(hours=48))
            assert report.ingested == len(repeated)
            found.append(rows(lake, "events"))
        assert found[0].equals(found[1])
