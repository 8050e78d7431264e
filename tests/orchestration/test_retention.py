import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from orchestration.lake import Lake
from orchestration.retention import prune
from tests.support.lakes import put

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def days(lake: Lake, table: str) -> list[int]:
    return [(NOW.replace(hour=0) - day).days for day in lake.days(table, "chat")]


def test_text_goes_after_its_days_and_its_events_stay(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for age in (31, 30, 29):
        put(lake, "chat", "prompts", [{"occurred_at": NOW - timedelta(days=age), "text": "x"}])

    removed = prune(lake, now=NOW)

    assert removed == {"text/prompts": 1}
    assert days(lake, "text/prompts") == [30, 29]
    assert days(lake, "events/prompts") == [31, 30, 29]


def test_quarantine_and_samples_go_after_thirty_days_and_findings_stay(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    rows = pl.DataFrame({"x": [1]})
    for table in ("quarantine/prompts", "samples/relay", "findings/relay"):
        for age in (40, 2):
            lake.replace(lake.hour_path(table, "chat", NOW - timedelta(days=age)), rows)

    removed = prune(lake, now=NOW)

    assert removed == {"quarantine/prompts": 1, "samples/relay": 1}
    assert days(lake, "findings/relay") == [40, 2]
    assert days(lake, "samples/relay") == [2]


def test_pruning_twice_or_an_empty_lake_deletes_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert prune(lake, now=NOW) == {}
    put(lake, "chat", "prompts", [{"occurred_at": NOW - timedelta(days=90), "text": "x"}])
    prune(lake, now=NOW)
    assert prune(lake, now=NOW) == {}


def test_what_a_crashed_writer_left_behind_goes_after_a_day(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    old, new = tmp_path / ".hour=01.parquet.abc.tmp", tmp_path / ".hour=02.parquet.def.tmp"
    for path, age in ((old, timedelta(hours=25)), (new, timedelta(hours=23))):
        path.write_bytes(b"half")
        os.utime(path, ((NOW - age).timestamp(),) * 2)

    assert prune(lake, now=NOW) == {"leftovers": 1}
    assert new.exists()
