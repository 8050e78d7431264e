"""A compaction that takes the hours away between the listing of files and their reading."""

from datetime import timedelta
from pathlib import Path

import polars as pl

from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from orchestration.upkeep import compact
from tests.support.lakes import at, put, span
from tests.support.monitors import failed_logins, named

NOW = at("2026-03-02T12:00")


def test_a_compaction_under_way_costs_no_evaluation(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    row = {"account_id": "a", "succeeded": False}
    minutes = [timedelta(minutes=m) for m in range(5)]
    put(
        lake,
        "accounts",
        "logins",
        [{**row, "occurred_at": at("2026-03-02T10:00") + m} for m in minutes],
    )
    compacted = []

    def score(logins: pl.LazyFrame) -> pl.LazyFrame:
        if not compacted:
            compacted.append(compact(lake, "logins", "accounts", at("2026-03-02T00:00")))
        return failed_logins.score(logins)

    monitor = named(failed_logins, failed_logins.name, score=score)

    (manifest,) = evaluate_span(
        Run(lake, NOW), monitor, span("2026-03-02T10:00", "2026-03-02T11:00")
    )

    assert compacted == [1]
    assert manifest.status == "complete"
    assert manifest.scored == 1
