from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.activity import Activity, Baseline, baseline, hourly
from monitors.detectors.baseline_distance import baseline_distance
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
KEYS = ["product", "account_id"]
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def activity(*rows: tuple[str | None, int, int | None]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [("chat", account, MONDAY + timedelta(hours=hour), n) for account, hour, n in rows],
        schema={"product": pl.String, "account_id": pl.String, "hour": TIME, "events": pl.Int64},
        orient="row",
    )


def usual(*rows: tuple[str, float, float, int]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [("chat", *row) for row in rows],
        schema={
            "product": pl.String,
            "account_id": pl.String,
            "events_median": pl.Float64,
            "events_mad": pl.Float64,
            "periods": pl.Int64,
        },
        orient="row",
    )


def scores(
    rows: pl.LazyFrame, past: pl.LazyFrame, floor: float = 1.0
) -> list[tuple[str, float | None]]:
    found = baseline_distance(rows, past, keys=KEYS, floor=floor)
    return found.sort("account_id").select("account_id", "score").collect().rows()


def test_is_the_distance_from_the_median_in_scaled_mads() -> None:
    rows = activity(("a", 9, 20), ("a", 10, 10))
    assert scores(rows, usual(("a", 10.0, 4.0, 28))) == [("a", 5.0)]


def test_a_day_is_one_window() -> None:
    rows = activity(("a", 23, 10), ("a", 24, 10))
    found = baseline_distance(rows, usual(("a", 10.0, 1.0, 28)), keys=KEYS).collect()
    assert sorted(found.select("window_start", "window_end", "score").rows()) == [
        (MONDAY, MONDAY + timedelta(days=1), 0.0),
        (MONDAY + timedelta(days=1), MONDAY + timedelta(days=2), 0.0),
    ]


def test_a_key_that_never_varied_is_measured_by_the_floor() -> None:
    past = usual(("a", 10.0, 0.0, 28))
    assert scores(activity(("a", 9, 12)), past) == [("a", 2.0)]
    assert scores(activity(("a", 9, 12)), past, floor=0.5) == [("a", 4.0)]


def test_less_than_usual_is_negative() -> None:
    assert scores(activity(("a", 9, 2)), usual(("a", 10.0, 4.0, 28))) == [("a", -2.0)]


def test_too_few_periods_or_none_are_not_enough_to_tell() -> None:
    past = usual(("a", 10.0, 4.0, 13), ("b", 10.0, 4.0, 14))
    rows = activity(("a", 9, 10), ("b", 9, 10), ("new", 9, 10))
    assert scores(rows, past) == [("a", None), ("b", 0.0), ("new", None)]


def test_a_sum_of_missing_values_is_missing() -> None:
    assert scores(activity(("a", 9, None)), usual(("a", 10.0, 4.0, 28))) == [("a", None)]


def test_a_row_without_a_key_is_left_out() -> None:
    assert scores(activity((None, 9, 10)), usual(("a", 10.0, 4.0, 28))) == []


def test_agrees_with_the_baseline_that_monitors_share() -> None:
    logins = Activity("logins", ("account_id",))
    hours = [MONDAY - timedelta(days=day) + timedelta(hours=9) for day in range(1, 21)]
    times = [*hours, *hours, *[MONDAY + timedelta(hours=9, minutes=i) for i in range(10)]]
    events = pl.LazyFrame({"occurred_at": times}, schema={"occurred_at": TIME}).with_columns(
        product=pl.lit("chat"), account_id=pl.lit("a")
    )
    rows = hourly(logins, events)
    past = baseline(Baseline(logins, season="hour_of_day"), rows, day=MONDAY)
    today = rows.filter(pl.col("hour") >= MONDAY)
    found = baseline_distance(today, past, keys=logins.keys, season="hour_of_day").collect()
    evidence = found.select("score", "value", "median", "mad", "periods").rows()
    assert evidence == [(8.0, 10, 2.0, 0.0, 20)]


def test_a_floor_of_nothing_is_refused() -> None:
    with pytest.raises(MonitorError, match=r"'floor' is 0\.0"):
        scores(activity(), usual(), floor=0.0)
