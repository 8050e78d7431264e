from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from monitors.evaluate import Span
from orchestration.changes import mark
from orchestration.inputs import Inputs
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR
from orchestration.upkeep import build_activity
from tests.support.lakes import at, files, put
from tests.support.monitors import BY_ACCOUNT

START = at("2026-03-02T00:00")
FOLDER = "activity/logins_by_account_id/product=accounts/date=2026-03-02"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path / "lake"))
    times = [START + 9 * HOUR, START + 10 * HOUR, START + 23 * HOUR]
    put(lake, "accounts", "logins", [{"occurred_at": t, "account_id": "a"} for t in times])
    return lake


def made(lake: Lake) -> list[str]:
    return [Path(f).name for f in files(lake) if f.startswith(FOLDER)]


def hours(lake: Lake, start: datetime, end: datetime) -> pl.DataFrame:
    found = Inputs(lake, "accounts").activity(BY_ACCOUNT, Span(start, end))
    return found.select("hour", "hours", "account_id", "events").collect().sort("hour")


def test_the_activity_of_a_whole_day_is_one_file_in_place_of_its_hours(lake: Lake) -> None:
    build_activity(lake, BY_ACCOUNT, "accounts", Span(START + 9 * HOUR, START + 11 * HOUR))
    assert made(lake) == ["hour=09.parquet", "hour=10.parquet"]
    build_activity(lake, BY_ACCOUNT, "accounts", Span(START, START + DAY))
    assert made(lake) == ["day.parquet"]


def test_a_span_that_ends_within_the_day_reads_only_its_hours_of_the_days_file(lake: Lake) -> None:
    by_events = hours(lake, START, START + 23 * HOUR)
    assert by_events.rows() == [
        (START + 9 * HOUR, 1, "a", 1),
        (START + 10 * HOUR, 1, "a", 1),
    ]
    build_activity(lake, BY_ACCOUNT, "accounts", Span(START, START + DAY))
    assert_frame_equal(hours(lake, START, START + 23 * HOUR), by_events)


def test_a_late_row_drops_the_days_file_and_is_counted(lake: Lake) -> None:
    build_activity(lake, BY_ACCOUNT, "accounts", Span(START, START + DAY))
    late = START + 9 * HOUR
    put(lake, "accounts", "logins", [{"occurred_at": late, "account_id": "b"}])
    mark(lake, "logins", "accounts", [late])
    assert made(lake) == []
    assert hours(lake, late, late + HOUR)["account_id"].sort().to_list() == ["a", "b"]


def test_an_hour_made_again_outranks_the_days_file(lake: Lake) -> None:
    build_activity(lake, BY_ACCOUNT, "accounts", Span(START, START + DAY))
    build_activity(lake, BY_ACCOUNT, "accounts", Span(START + 9 * HOUR, START + 10 * HOUR))
    assert made(lake) == ["day.parquet", "hour=09.parquet"]
    assert hours(lake, START, START + DAY)["events"].sum() == 3
