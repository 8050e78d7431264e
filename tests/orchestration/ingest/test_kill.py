import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.ingest.load import ingest
from orchestration.ingest.source import Source
from orchestration.lake import Lake

DAYS, EACH = 300, 4
SPAN = Span(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


def test_an_ingest_that_is_killed_is_completed_by_running_it_again(tmp_path: Path) -> None:
    log = _log(tmp_path / "prompts.csv")
    lake = Lake(str(tmp_path / "home/lake"))
    counts = [_killed_after(files, log, tmp_path / "home", lake) for files in (1, 80, 350)]
    assert 0 < counts[0] < counts[1] < counts[2] < DAYS * EACH
    source, now = Source("chat", "prompts"), datetime.now(UTC)
    report = ingest(lake, source, [log], now=now, hot=timedelta(hours=48))
    assert report.ingested + counts[2] == DAYS * EACH
    whole = Lake(str(tmp_path / "whole"))
    ingest(whole, source, [log], now=now, hot=timedelta(hours=48))
    for kind in ("events", "text"):
        assert _rows(lake, kind).equals(_rows(whole, kind))
    assert _rows(lake, "events")["event_id"].n_unique() == DAYS * EACH
    assert not list((tmp_path / "home/lake/ingests").rglob("spool"))


def _log(path: Path) -> Path:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lines = ["event_id,occurred_at,account_id,text"]
    for day in range(DAYS):
        time_of_day = (start + timedelta(days=day)).isoformat()
        lines += [f"e{day}-{i},{time_of_day},ann,hello" for i in range(EACH)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _killed_after(files: int, log: Path, home: Path, lake: Lake) -> int:
    """Events in the lake after an ingest was killed when so many files lay there."""
    command = [sys.executable, "-m", "orchestration.cli.main", "ingest", "chat", "prompts"]
    running = subprocess.Popen(
        [*command, str(log)],
        env={**os.environ, "WATCHFLOOR_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while len(list(Path(lake.root).rglob("day.parquet"))) < files:
        if time.monotonic() > deadline or running.poll() is not None:
            pytest.fail("The ingest ended before it could be killed.")
    running.send_signal(signal.SIGKILL)
    running.wait()
    for kind in ("events", "text"):
        _rows(lake, kind)  # every file is whole
    return _rows(lake, "events").height


def _rows(lake: Lake, kind: str) -> pl.DataFrame:
    contract = contract_of("prompts")
    schema = contract.text_schema if kind == "text" else contract.schema
    found = lake.scan(f"{kind}/prompts", ["chat"], SPAN, schema=schema)
    return found.drop("received_at").sort("event_id").collect()
