from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from upath import UPath

from monitors.activity import Activity, Season
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.changes import mark
from orchestration.inputs import Inputs
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR
from orchestration.upkeep import (
    activities_of,
    baselines_of,
    build_activity,
    build_baseline,
    build_daily,
    compact,
)
from tests.support.lakes import at, events, files, put, span
from tests.support.monitors import (
    BY_ACCOUNT,
    USUAL,
    failures_in_a_day,
    more_failures_than_usual,
    named,
)

START = at("2026-03-02T00:00")
TODAY = Span(START, START + DAY)
HOURLY = "activity/logins_by_account_id/product=accounts/date=2026-03-02"
EVENTS = "events/logins/product=accounts/date=2026-03-02"
LOGINS = contract_of("logins")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def login(time: str, account: str = "a", *, ok: bool = False) -> dict[str, object]:
    return {"occurred_at": at(f"2026-03-02T{time}"), "account_id": account, "succeeded": ok}


def stored(lake: Lake, within: Span = TODAY) -> list[tuple[str, str]]:
    rows = lake.scan("events/logins", ["accounts"], within, schema=LOGINS.schema).collect()
    time = pl.col("occurred_at").dt.strftime("%H:%M")
    return rows.sort("occurred_at", "account_id").select(time, "account_id").rows()


def contents(lake: Lake, prefix: str) -> dict[str, bytes]:
    return {f: Path(lake.root, f).read_bytes() for f in files(lake) if f.startswith(prefix)}


def data(lake: Lake) -> list[str]:
    return [f for f in files(lake) if f.startswith(("events", "text"))]


def test_compaction_keeps_every_row_in_one_file_sorted_by_account_and_time(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("09:30", "b"), login("09:10", "a"), login("23:59", "a")])
    put(lake, "accounts", "logins", [login("00:00", "b"), login("17:00", "c")])
    assert compact(lake, "logins", "accounts", START) == 4
    assert data(lake) == [f"{EVENTS}/day.parquet"]
    day = pl.read_parquet(lake.root + f"/{EVENTS}/day.parquet", hive_partitioning=False)
    time = pl.col("occurred_at").dt.strftime("%H:%M")
    assert day.select("account_id", time).rows() == [
        ("a", "09:10"),
        ("a", "23:59"),
        ("b", "00:00"),
        ("b", "09:30"),
        ("c", "17:00"),
    ]
    assert day.schema == LOGINS.schema


def test_compaction_takes_text_along(lake: Lake) -> None:
    prompt = {"occurred_at": at("2026-03-02T05:00"), "account_id": "a", "text": "hello"}
    put(lake, "chat", "prompts", [prompt])
    assert compact(lake, "prompts", "chat", START) == 2
    assert data(lake) == [
        "events/prompts/product=chat/date=2026-03-02/day.parquet",
        "text/prompts/product=chat/date=2026-03-02/day.parquet",
    ]
    texts = contract_of("prompts").text_schema
    kept = lake.scan("text/prompts", ["chat"], TODAY, schema=texts).collect()
    assert kept["text"].to_list() == ["hello"]


def test_compaction_of_a_day_without_hours_does_nothing(lake: Lake) -> None:
    assert compact(lake, "logins", "accounts", START) == 0
    assert data(lake) == []
    put(lake, "accounts", "logins", [login("09:30")])
    compact(lake, "logins", "accounts", START)
    before = contents(lake, EVENTS)
    assert compact(lake, "logins", "accounts", START) == 0
    assert contents(lake, EVENTS) == before


def test_a_crash_between_the_days_file_and_the_hours_doubles_nothing(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("09:10"), login("10:20"), login("10:40")])
    hours = contents(lake, EVENTS)
    compact(lake, "logins", "accounts", START)
    for path, content in hours.items():
        Path(lake.root, path).write_bytes(content)
        assert stored(lake) == [("09:10", "a"), ("10:20", "a"), ("10:40", "a")]
    assert compact(lake, "logins", "accounts", START) == 2
    assert stored(lake) == [("09:10", "a"), ("10:20", "a"), ("10:40", "a")]
    assert data(lake) == [f"{EVENTS}/day.parquet"]


def test_compaction_after_late_rows_takes_them_in(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("09:10"), login("10:20")])
    compact(lake, "logins", "accounts", START)
    put(lake, "accounts", "logins", [login("10:50", "late"), login("15:00", "late")])
    wanted = [("09:10", "a"), ("10:20", "a"), ("10:50", "late"), ("15:00", "late")]
    assert stored(lake) == wanted
    assert compact(lake, "logins", "accounts", START) == 2
    assert stored(lake) == wanted
    assert data(lake) == [f"{EVENTS}/day.parquet"]


@dataclass(frozen=True)
class BusyLake(Lake):
    """A lake into which rows come late, just as one of its files has been written."""

    file: str = ""
    late: tuple[dict[str, object], ...] = ()

    def replace(self, path: UPath, rows: pl.DataFrame | pl.LazyFrame) -> None:
        super().replace(path, rows)
        if str(path).endswith(self.file):
            calm = Lake(self.root)
            mark(calm, "logins", "accounts", put(calm, "accounts", "logins", self.late))


def test_an_hour_that_changes_during_compaction_is_not_lost(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("09:10"), login("10:20")])
    busy = BusyLake(lake.root, f"{EVENTS}/day.parquet", (login("10:50", "late"),))
    assert compact(busy, "logins", "accounts", START) == 1
    assert stored(lake) == [("09:10", "a"), ("10:20", "a"), ("10:50", "late")]


def test_an_hour_that_changes_while_it_is_aggregated_keeps_no_outdated_file(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("09:10"), login("10:20")])
    busy = BusyLake(lake.root, f"{HOURLY}/hour=09.parquet", (login("10:50"), login("11:00")))
    build_activity(busy, BY_ACCOUNT, "accounts", span("2026-03-02T09:00", "2026-03-02T12:00"))
    assert [f for f in files(lake) if f.startswith("activity")] == [f"{HOURLY}/hour=09.parquet"]
    counted = Inputs(lake, "accounts").activity(replace(BY_ACCOUNT, hourly=True), TODAY).collect()
    assert counted.sort("hour")["events"].to_list() == [1, 2, 1]


def test_activity_made_twice_and_from_shuffled_rows_has_equal_bytes(lake: Lake) -> None:
    rows = [login(f"09:{m:02d}", f"account-{m % 7}", ok=m % 3 == 0) for m in range(60)]
    put(lake, "accounts", "logins", rows)
    assert build_activity(lake, BY_ACCOUNT, "accounts", TODAY) == {
        START + n * HOUR: 7 if n == 9 else 0 for n in range(24)
    }
    first = contents(lake, HOURLY)
    assert len(first) == 1
    build_activity(lake, BY_ACCOUNT, "accounts", TODAY)
    assert contents(lake, HOURLY) == first
    path = lake.hour_path("events/logins", "accounts", START + 9 * HOUR)
    shuffled = events("accounts", "logins", rows).sample(fraction=1, shuffle=True, seed=7)
    lake.replace(path, shuffled.select(LOGINS.schema.names()))
    build_activity(lake, BY_ACCOUNT, "accounts", TODAY)
    assert contents(lake, HOURLY) == first


def test_a_roll_up_of_files_and_one_of_events_have_equal_bytes(lake: Lake) -> None:
    rows = [login(f"{h:02d}:15", f"account-{h % 5}", ok=h % 2 == 0) for h in range(24)]
    put(lake, "accounts", "logins", rows)
    assert build_daily(lake, BY_ACCOUNT, "accounts", START) == 5
    of_events = contents(lake, "activity_daily")
    build_activity(lake, BY_ACCOUNT, "accounts", TODAY)
    build_daily(lake, BY_ACCOUNT, "accounts", START)
    assert contents(lake, "activity_daily") == of_events


def test_a_baseline_is_never_made_again_once_stored(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("09:10", "a")])
    assert build_baseline(lake, USUAL, "accounts", START + DAY) == 1
    first = contents(lake, "baseline")
    put(lake, "accounts", "logins", [login("09:20", "b")])
    assert build_baseline(lake, USUAL, "accounts", START + DAY) == 1
    assert contents(lake, "baseline") == first
    usual = Inputs(lake, "accounts").baseline(USUAL, START + DAY).collect()
    assert usual["account_id"].to_list() == ["a"]


@pytest.mark.parametrize("season", ["day", "hour_of_day", "hour_of_week"])
def test_a_baseline_never_sees_its_own_day_or_one_before_its_days(
    lake: Lake, season: Season
) -> None:
    rows = [
        {"occurred_at": at(time), "account_id": who, "succeeded": False}
        for who, time in {
            "too early": "2026-02-22T23:59:59.999999",
            "first": "2026-02-23T00:00",
            "last": "2026-03-01T23:59:59.999999",
            "own day": "2026-03-02T00:00",
        }.items()
    ]
    put(lake, "accounts", "logins", rows)
    declared = replace(USUAL, season=season)
    build_baseline(lake, declared, "accounts", START)
    usual = Inputs(lake, "accounts").baseline(declared, START).collect()
    assert sorted(usual["account_id"].unique()) == ["first", "last"]


def test_monitors_with_one_table_share_its_sums() -> None:
    more = Activity("logins", ("account_id",), {"ok": pl.col("succeeded").sum()})
    monitors = [
        failures_in_a_day,
        named(failures_in_a_day, "other", activity=(more,)),
        more_failures_than_usual,
    ]
    assert {n: list(a.sums) for n, a in activities_of(monitors).items()} == {
        "logins_by_account_id": ["failed", "ok"]
    }
    assert {n: list(b.activity.sums) for n, b in baselines_of(monitors).items()} == {
        "logins_by_account_id_day_7d": ["failed", "ok"]
    }


def test_an_activity_with_a_filter_of_its_own_is_a_table_of_its_own(lake: Lake) -> None:
    failed = replace(BY_ACCOUNT, where=~pl.col("succeeded"))
    assert failed.name != BY_ACCOUNT.name
    put(lake, "accounts", "logins", [login("09:10"), login("09:20", ok=True)])
    for declared in (failed, BY_ACCOUNT):
        build_activity(lake, declared, "accounts", TODAY)
    inputs = Inputs(lake, "accounts")
    assert inputs.activity(failed, TODAY).collect()["events"].to_list() == [1]
    assert inputs.activity(BY_ACCOUNT, TODAY).collect()["events"].to_list() == [2]


def test_upkeep_changes_no_row_of_events(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("09:10"), login("10:20", "b")])
    before = lake.scan("events/logins", ["accounts"], TODAY, schema=LOGINS.schema).collect()
    build_activity(lake, BY_ACCOUNT, "accounts", TODAY)
    build_daily(lake, BY_ACCOUNT, "accounts", START)
    build_baseline(lake, USUAL, "accounts", START + DAY)
    compact(lake, "logins", "accounts", START)
    after = lake.scan("events/logins", ["accounts"], TODAY, schema=LOGINS.schema).collect()
    assert_frame_equal(after, before, check_row_order=False)
