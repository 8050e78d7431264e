from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from orchestration.health.history import EVALUATIONS, history, record, row
from orchestration.lake import Lake
from tests.support.lakes import at, files
from tests.support.manifests import MASS_DM as MANIFEST

LATER = "2026-03-02T12:05:00+00:00"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def known(lake: Lake, until: str = "2026-03-03T00:00", days: int = 28) -> pl.DataFrame:
    return history(lake, "chat", until=at(until), days=days)


def test_a_row_tells_of_a_manifest_and_its_checks(lake: Lake) -> None:
    record(lake, "chat", [row(MANIFEST, drift="steady", canary=True)])
    found = known(lake)
    assert found.schema == EVALUATIONS
    assert found.rows(named=True) == [
        {
            "monitor": "mass_dm",
            "version": 2,
            "partition": at("2026-03-02T10:00"),
            "partition_end": at("2026-03-02T11:00"),
            "every": "1h",
            "as_of": at("2026-03-02T11:05"),
            "intent": "live",
            "status": "complete",
            "flagged": 1,
            "near": 2,
            "scored": 33,
            "null": 4,
            "rows_read": 100,
            "seconds": 0.5,
            "drift": "steady",
            "canary": True,
        }
    ]


def test_a_partition_of_a_day_is_told_from_one_of_an_hour() -> None:
    midnight, next_day = "2026-03-02T00:00:00+00:00", "2026-03-03T00:00:00+00:00"
    daily = replace(MANIFEST, partition=midnight, partition_end=next_day)
    assert row(daily, drift="", canary=None)["every"] == "1d"
    assert row(MANIFEST, drift="", canary=None)["every"] == "1h"


def test_recording_again_replaces_and_leaves_the_others(lake: Lake) -> None:
    other = replace(MANIFEST, monitor="other")
    record(lake, "chat", [row(m, drift="steady", canary=True) for m in (MANIFEST, other)])
    again = replace(MANIFEST, flagged=9, as_of=LATER)
    record(lake, "chat", [row(again, drift="up", canary=False)])
    assert known(lake).select("monitor", "flagged", "as_of", "drift", "canary").rows() == [
        ("mass_dm", 9, at("2026-03-02T12:05"), "up", False),
        ("other", 1, at("2026-03-02T11:05"), "steady", True),
    ]


def test_the_last_of_two_in_one_record_stays(lake: Lake) -> None:
    rows = [row(replace(MANIFEST, flagged=n), drift="", canary=True) for n in (5, 6)]
    record(lake, "chat", rows)
    assert known(lake)["flagged"].to_list() == [6]


def test_each_day_has_its_file_and_each_product_its_table(lake: Lake) -> None:
    start = at("2026-03-02T23:00")
    night = [
        replace(
            MANIFEST,
            partition=(start + timedelta(hours=n)).isoformat(),
            partition_end=(start + timedelta(hours=n + 1)).isoformat(),
        )
        for n in range(2)
    ]
    record(lake, "chat", [row(m, drift="", canary=True) for m in night])
    assert files(lake) == [
        "evaluations/product=chat/date=2026-03-02/day.parquet",
        "evaluations/product=chat/date=2026-03-03/day.parquet",
    ]
    assert history(lake, "web", until=at("2026-03-04T00:00"), days=28).height == 0
    assert known(lake, "2026-03-04T00:00").height == 2


def test_history_is_of_the_last_days_before_a_time(lake: Lake) -> None:
    record(lake, "chat", [row(MANIFEST, drift="", canary=True)])
    assert known(lake, "2026-03-02T10:00").height == 0
    assert known(lake, "2026-03-02T10:01").height == 1
    assert known(lake, "2026-03-05T23:00", days=3).height == 1
    assert known(lake, "2026-03-06T00:00", days=3).height == 0


def test_a_column_that_older_files_lack_is_null_and_they_can_be_added_to(lake: Lake) -> None:
    record(lake, "chat", [row(MANIFEST, drift="steady", canary=True)])
    path = lake.day_path("evaluations", "chat", at("2026-03-02T00:00"))
    lake.replace(path, pl.read_parquet(str(path), hive_partitioning=False).drop("canary"))
    record(lake, "chat", [row(replace(MANIFEST, monitor="other"), drift="", canary=True)])
    assert known(lake).select("monitor", "canary").rows() == [("mass_dm", None), ("other", True)]
