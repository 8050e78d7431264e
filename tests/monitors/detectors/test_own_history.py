from datetime import UTC, datetime, timedelta
from statistics import median

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.activity import season_slot
from monitors.detectors import own_history as module
from monitors.detectors.own_history import own_history
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
SCHEMA = {"who": pl.String, "hour": TIME, "events": pl.Int64}
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def days(*counts: int | None, who: str | None = "a") -> pl.LazyFrame:
    """One row a day, at 09:00; None is a day without a row."""
    activity = [
        (who, MONDAY + i * DAY + 9 * HOUR, n) for i, n in enumerate(counts) if n is not None
    ]
    return pl.LazyFrame(activity, schema=SCHEMA, orient="row")


def found(
    activity: pl.LazyFrame, *, window: int = 28, minimum: int = 3, floor: float = 1.0
) -> pl.DataFrame:
    scores = own_history(
        activity, keys=["who"], window=window * DAY, minimum_periods=minimum, floor=floor
    )
    return scores.sort("who", "window_end").collect(engine="streaming")


def test_is_the_distance_from_the_median_of_earlier_days() -> None:
    row = found(days(10, 30, 20, 50, 95)).row(-1, named=True)
    mad = 1.4826 * 10  # 10, 20, 30 and 50 are 15, 5, 5 and 25 off their median of 25
    assert (row["value"], row["median"], row["periods"]) == (95, 25.0, 4)
    assert row["mad"] == pytest.approx(mad)
    assert row["score"] == pytest.approx((95 - 25) / mad)
    assert (row["window_start"], row["window_end"]) == (MONDAY + 4 * DAY, MONDAY + 5 * DAY)


def test_a_key_that_never_varied_is_measured_by_chance() -> None:
    assert found(days(16, 16, 16, 36))["score"].to_list() == [None, None, None, 5.0]
    assert found(days(16, 16, 16, 36), floor=2.5)["score"].to_list()[-1] == 2.0
    assert found(days(0, 0, 0, 4))["score"].to_list()[-1] == 4.0


def test_less_than_usual_is_negative() -> None:
    assert found(days(16, 16, 16, 8))["score"].to_list()[-1] == -2.0


def test_a_bucket_is_no_part_of_its_own_past() -> None:
    assert found(days(4, 4, 4, 400))["median"].to_list() == [None, None, None, 4.0]


def test_the_past_begins_a_window_before_the_bucket_inclusive() -> None:
    assert found(days(1, 4, 4, 4, 4), window=3)["periods"].to_list() == [0, 1, 2, 3, 3]
    assert found(days(1, 4, 4, 4), window=3)["median"].to_list()[-1] == 4.0
    assert found(days(1, 4, 8, 4), window=2, minimum=2)["median"].to_list()[-1] == 6.0


def test_days_without_activity_are_absent_and_not_zero() -> None:
    scores = found(days(4, None, 4, None, 4, None, 4))
    assert scores.select("periods", "median").rows() == [(0, None), (1, None), (2, None), (3, 4.0)]


def test_a_sum_of_missing_values_is_neither_scored_nor_past() -> None:
    missing = pl.LazyFrame([("a", MONDAY + 3 * DAY, None)], schema=SCHEMA, orient="row")
    scores = found(pl.concat([days(4, 4, 4, None, 8), missing]))
    assert scores.select("value", "score", "periods").rows()[3:] == [(None, None, 3), (8, 2.0, 3)]


def test_rows_of_one_bucket_add_up() -> None:
    twice = pl.concat([days(4, 4, 4, 8), days(None, None, None, 8)])
    assert found(twice).select("value", "score").row(-1) == (16, 6.0)


def test_keys_have_their_own_past() -> None:
    both = pl.concat([days(4, 4, 4, 8), days(400, 400, 400, 400, who="b")])
    assert found(both)["score"].drop_nulls().to_list() == [2.0, 0.0]


def test_a_slot_among_the_keys_compares_like_hours() -> None:
    rows = [("a", MONDAY + d * DAY + h * HOUR, n) for d in range(4) for h, n in ((3, 1), (15, 100))]
    hourly = pl.LazyFrame([*rows, ("a", MONDAY + 4 * DAY + 3 * HOUR, 100)], SCHEMA, orient="row")
    slotted = hourly.with_columns(season_slot(pl.col("hour"), "hour_of_day"))
    scores = own_history(slotted, keys=["who", "hour_of_day"], minimum_periods=3, grid=HOUR)
    last = scores.sort("window_end").collect().row(-1, named=True)
    assert (last["hour_of_day"], last["median"], last["score"]) == (3, 1.0, 99.0)


def test_long_and_short_pasts_are_alike_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = pl.concat([days(*range(20)), days(*range(5), who="b")])
    whole = found(mixed)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert_frame_equal(found(mixed), whole)


def test_no_rows_one_row_and_rows_without_key() -> None:
    assert found(days()).rows() == []
    assert found(days(5))["score"].to_list() == [None]
    assert found(days(5, 5, 5, 5, who=None)).rows() == []


def test_a_floor_of_nothing_is_refused() -> None:
    with pytest.raises(MonitorError, match=r"'floor' is 0\.0"):
        found(days(), floor=0.0)


LOGS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 24 * 12), st.integers(0, 9)), max_size=50
)


def frame(log: list[tuple[str, int, int]]) -> pl.LazyFrame:
    rows = [(who, MONDAY + hour * HOUR, n) for who, hour, n in log]
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


@given(log=LOGS, window=st.integers(1, 12), minimum=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_agrees_with_the_median_by_hand(
    log: list[tuple[str, int, int]], window: int, minimum: int
) -> None:
    sums: dict[tuple[str, int], int] = {}
    for who, hour, n in log:
        sums[who, hour // 24] = sums.get((who, hour // 24), 0) + n
    expected = []
    for (who, day), _ in sorted(sums.items()):
        past = [n for (w, d), n in sums.items() if w == who and day - window <= d < day]
        expected.append((len(past), median(past) if len(past) >= minimum else None))
    scores = found(frame(log), window=window, minimum=minimum)
    assert scores.select("periods", "median").rows() == expected


@given(log=LOGS, cut=st.integers(0, 12))
@settings(max_examples=40, deadline=None)
def test_later_rows_change_no_earlier_score(log: list[tuple[str, int, int]], cut: int) -> None:
    edge = MONDAY + cut * DAY
    before = found(frame(log).filter(pl.col("hour") < edge))
    assert_frame_equal(found(frame(log)).filter(pl.col("window_end") <= edge), before)
