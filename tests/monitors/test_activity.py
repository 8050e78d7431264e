from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.activity import Activity, Baseline, baseline, daily, hourly, merged, season_slot

DAY = timedelta(days=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = pl.Datetime("us", "UTC")
BY_ACCOUNT = Activity("logins", by=("account_id",), sums={"bytes": pl.col("bytes").sum()})


def at(clock: str, days: int = 0) -> datetime:
    hours, minutes = clock.split(":")
    return MONDAY + timedelta(days=days, hours=int(hours), minutes=int(minutes))


def events(rows: Sequence[tuple[str | None, datetime, int | None]]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [("web", account, time, size) for account, time, size in rows],
        schema={
            "product": pl.String,
            "account_id": pl.String,
            "occurred_at": TIMES,
            "bytes": pl.Int64,
        },
        orient="row",
    )


def test_an_hour_has_a_row_for_each_key() -> None:
    rows = [
        ("a", at("10:00"), 5),
        ("a", at("10:59"), 6),
        ("a", at("11:00"), 1),
        ("b", at("10:30"), 2),
    ]
    found = hourly(BY_ACCOUNT, events(rows)).collect().sort("account_id", "hour")
    assert found.select("account_id", "hour", "events", "bytes", "hours").rows() == [
        ("a", at("10:00"), 2, 11, 1),
        ("a", at("11:00"), 1, 1, 1),
        ("b", at("10:00"), 1, 2, 1),
    ]


def test_where_keeps_only_some_events_and_names_another_table() -> None:
    some = Activity("logins", by=("account_id",), where=pl.col("bytes") > 5)
    rows = [("a", at("10:00"), 5), ("a", at("10:01"), 6), ("a", at("10:02"), None)]
    assert hourly(some, events(rows)).collect()["events"].to_list() == [1]
    assert some.name.startswith("logins_by_account_id_")
    assert some.name != Activity("logins", by=("account_id",), where=pl.col("bytes") > 6).name
    assert BY_ACCOUNT.name == "logins_by_account_id"


def test_a_day_rolls_its_hours_up() -> None:
    rows = [("a", at("00:00"), 1), ("a", at("23:59"), 2), ("a", at("00:00", 1), 4)]
    days = daily(BY_ACCOUNT, hourly(BY_ACCOUNT, events(rows))).collect().sort("hour")
    assert days.select("hour", "events", "bytes", "hours").rows() == [
        (MONDAY, 2, 3, 24),
        (MONDAY + DAY, 1, 4, 24),
    ]


def usual(
    declared: Baseline, rows: Sequence[tuple[str | None, datetime, int | None]]
) -> pl.DataFrame:
    return baseline(declared, hourly(declared.activity, events(rows)), day=MONDAY).collect()


def test_a_baseline_is_median_and_scaled_mad_of_the_active_days() -> None:
    rows = [("a", at("10:00", -day), size) for day, size in ((5, 1), (4, 2), (3, 3), (1, 10))]
    [found] = usual(Baseline(BY_ACCOUNT, days=28), rows).to_dicts()
    assert found["bytes_median"] == 2.5
    assert found["bytes_mad"] == pytest.approx(1.4826)  # distances 1.5, 0.5, 0.5, 7.5
    assert found["periods"] == 4
    assert found["first_seen"] == MONDAY - 5 * DAY
    assert found["last_seen"] == MONDAY - DAY


def test_a_baseline_reaches_its_days_back_and_ends_before_the_day() -> None:
    rows = [("old", at("23:59", -3), 1), ("a", at("00:00", -2), 1), ("today", MONDAY, 1)]
    assert usual(Baseline(BY_ACCOUNT, days=2), rows)["account_id"].to_list() == ["a"]


def test_hours_without_events_count_as_zeros_since_the_key_was_first_seen() -> None:
    declared = Baseline(BY_ACCOUNT, days=7, season="hour_of_day")
    rows = [("a", at("10:30", -3), 5), ("a", at("10:30", -1), 7)]
    found = usual(declared, rows).sort("hour_of_day")
    ten = found.filter(pl.col("hour_of_day") == 10).to_dicts()[0]
    assert (ten["bytes_median"], ten["periods"]) == (5.0, 3)  # 5, 0, 7
    nine = found.filter(pl.col("hour_of_day") == 9).to_dicts()[0]
    assert (nine["bytes_median"], nine["periods"]) == (0.0, 2)
    assert found["periods"].sum() == 62  # hours from 10:00 three days ago to midnight


def test_a_key_of_null_has_its_own_zeros() -> None:
    declared = Baseline(BY_ACCOUNT, days=7, season="hour_of_day")
    found = usual(declared, [(None, at("22:00", -1), 4)]).sort("hour_of_day")
    assert found.select("hour_of_day", "bytes_median").rows() == [(22, 4.0), (23, 0.0)]


def test_a_season_is_of_the_zone_through_a_change_of_clocks() -> None:
    times = pl.DataFrame(
        {
            "time": [
                datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
                datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
            ]
        }
    )
    zone = "Europe/Lisbon"
    day = times.select(season_slot(pl.col("time"), "hour_of_day", zone))
    week = times.select(season_slot(pl.col("time"), "hour_of_week", zone))
    assert day["hour_of_day"].to_list() == [0, 2]
    assert week["hour_of_week"].to_list() == [144, 146]  # Sunday is the seventh day
    assert times.select(season_slot(pl.col("time"), "hour_of_week"))["hour_of_week"][0] == 144


def test_a_baseline_names_its_season_days_and_zone() -> None:
    assert Baseline(BY_ACCOUNT).name == "logins_by_account_id_day_28d"
    zoned = Baseline(BY_ACCOUNT, days=7, season="hour_of_week", zone="Europe/Lisbon")
    assert zoned.name == "logins_by_account_id_hour_of_week_7d_europe_lisbon"


def test_monitors_that_name_one_activity_share_its_table() -> None:
    other = Activity("logins", by=("account_id",), sums={"failed": pl.col("failed").sum()})
    tables = merged([BY_ACCOUNT, other, BY_ACCOUNT])
    assert list(tables) == ["logins_by_account_id"]
    assert list(tables["logins_by_account_id"].sums) == ["bytes", "failed"]


def test_refuses_two_meanings_of_one_sum() -> None:
    other = Activity("logins", by=("account_id",), sums={"bytes": pl.col("bytes").max()})
    with pytest.raises(ValueError, match="two meanings for 'bytes'"):
        merged([BY_ACCOUNT, other])


def test_no_events_have_no_activity_and_no_baseline() -> None:
    assert hourly(BY_ACCOUNT, events([])).collect().is_empty()
    for season in ("day", "hour_of_day", "hour_of_week"):
        assert usual(Baseline(BY_ACCOUNT, season=season), []).is_empty()
