import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from orchestration.lake import Lake
from orchestration.retention.lake import prune_lake
from orchestration.settings import Keep
from tests.support.lakes import files, put

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
KEEP = Keep()


def days(lake: Lake, table: str) -> list[int]:
    return [(NOW.replace(hour=0) - day).days for day in lake.days(table, "chat")]


def filled(lake: Lake, table: str, *ages: int) -> None:
    for age in ages:
        rows = pl.DataFrame({"x": [1]})
        lake.replace(lake.hour_path(table, "chat", NOW - timedelta(days=age)), rows)


def test_text_goes_after_its_days_and_its_events_stay(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    for age in (31, 30, 29):
        put(lake, "chat", "prompts", [{"occurred_at": NOW - timedelta(days=age), "text": "x"}])
    assert prune_lake(lake, KEEP, now=NOW) == {"text/prompts": 1}
    assert days(lake, "text/prompts") == [30, 29]
    assert days(lake, "events/prompts") == [31, 30, 29]


def test_a_setting_shortens_the_time_of_text_and_never_lengthens_its_contracts(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path))
    filled(lake, "text/prompts", 31, 29, 8, 7)
    prune_lake(lake, Keep(text=timedelta(days=60)), now=NOW)
    assert days(lake, "text/prompts") == [29, 8, 7]
    prune_lake(lake, Keep(text=timedelta(days=7)), now=NOW)
    assert days(lake, "text/prompts") == [7]


@pytest.mark.parametrize(
    ("table", "limit"),
    [
        ("events/prompts", 90),
        ("events/of_a_contract_that_is_gone", 90),
        ("text/of_a_contract_that_is_gone", 30),
        ("activity/prompts_by_ip", 90),
        ("activity_daily/prompts_by_ip", 90),
        ("baseline/prompts_by_ip_day_28d", 90),
        ("changes/prompts", 90),
        ("quarantine/prompts", 30),
        ("samples/relay", 30),
        ("findings/relay", 400),
        ("manifests/relay", 400),
        ("evaluations", 400),
    ],
)
def test_each_table_has_its_time(tmp_path: Path, table: str, limit: int) -> None:
    lake = Lake(str(tmp_path))
    filled(lake, table, limit + 2, limit + 1, limit, 0)
    assert prune_lake(lake, KEEP, now=NOW) == {table: 2}
    assert days(lake, table) == [limit, 0]


def test_a_dry_run_counts_the_same_and_deletes_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    filled(lake, "events/prompts", 100, 1)
    filled(lake, "findings/relay", 500, 401)
    before = files(lake)
    found = prune_lake(lake, KEEP, now=NOW, dry_run=True)
    assert files(lake) == before
    assert found == prune_lake(lake, KEEP, now=NOW) == {"events/prompts": 1, "findings/relay": 2}


def test_pruning_twice_or_an_empty_lake_deletes_nothing(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    assert prune_lake(lake, KEEP, now=NOW) == {}
    put(lake, "chat", "prompts", [{"occurred_at": NOW - timedelta(days=95), "text": "x"}])
    assert prune_lake(lake, KEEP, now=NOW) == {"events/prompts": 1, "text/prompts": 1}
    assert prune_lake(lake, KEEP, now=NOW) == {}


def test_what_a_crashed_writer_left_behind_goes_after_a_day(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    old, new = tmp_path / ".hour=01.parquet.abc.tmp", tmp_path / ".hour=02.parquet.def.tmp"
    for path, age in ((old, timedelta(hours=25)), (new, timedelta(hours=23))):
        path.write_bytes(b"half")
        os.utime(path, ((NOW - age).timestamp(),) * 2)
    assert prune_lake(lake, KEEP, now=NOW) == {"leftovers": 1}
    assert new.exists()
