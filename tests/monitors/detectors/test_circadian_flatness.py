from datetime import UTC, datetime, timedelta
from math import log

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.circadian_flatness import circadian_flatness
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
SCHEMA = {"who": pl.String, "hour": TIME, "n": pl.Int64}
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rows(*given_rows: tuple[int, int | None]) -> pl.LazyFrame:
    """Hours after Monday's midnight, with counts."""
    activity = [("a", MONDAY + hour * HOUR, n) for hour, n in given_rows]
    return pl.LazyFrame(activity, schema=SCHEMA, orient="row")


def every_day(hours: range, n: int, days: int = 14) -> pl.LazyFrame:
    return rows(*((24 * day + hour, n) for day in range(days) for hour in hours))


def found(
    activity: pl.LazyFrame,
    *,
    days: int = 14,
    minimum: int = 100,
    minimum_days: int = 7,
    **more: str,
) -> pl.DataFrame:
    scores = circadian_flatness(
        activity,
        entity="who",
        days=days,
        minimum=minimum,
        minimum_days=minimum_days,
        time="hour",
        weight="n",
        zone=more.get("zone", "UTC"),
    )
    return scores.sort("who", "window_end").collect(engine="streaming")


def last(activity: pl.LazyFrame) -> tuple[object, ...]:
    columns = ("score", "events", "active_days", "active_hours", "quiet_hours")
    return found(activity).select(columns).row(-1)


def test_all_hours_alike_are_one_and_a_single_hour_is_nothing() -> None:
    assert last(every_day(range(24), 10)) == (1.0, 3360, 14, 24, 0)
    assert last(every_day(range(9, 10), 10)) == (0.0, 140, 14, 1, 23)


def test_is_the_corrected_entropy_over_that_of_all_hours_alike() -> None:
    score, *evidence = last(every_day(range(8, 20), 10))
    assert score == pytest.approx((log(12) + 11 / (2 * 1680)) / log(24), abs=1e-12)
    assert evidence == [1680, 14, 12, 12]


def test_hours_of_unequal_share_by_hand() -> None:
    score = found(rows((0, 3), (24, 1)), days=2, minimum=1, minimum_days=1)["score"][1]
    assert score == pytest.approx(0.0, abs=1e-12)
    uneven = found(rows((0, 3), (30, 1)), days=2, minimum=1, minimum_days=1)["score"][1]
    entropy = -0.75 * log(0.75) - 0.25 * log(0.25)
    assert uneven == pytest.approx((entropy + 1 / 8) / log(24), abs=1e-12)


def test_a_night_over_midnight_is_one_quiet_run() -> None:
    awake = range(7, 22)
    assert last(every_day(awake, 10))[-1] == 9


def test_a_few_events_do_not_end_a_quiet_run() -> None:
    night = every_day(range(2, 3), 1, days=14).with_columns(n=pl.lit(1, pl.Int64))
    busy = pl.concat([every_day(range(7, 22), 100), night])
    assert last(busy)[-2:] == (16, 9)


def test_hours_of_day_are_those_of_the_zone() -> None:
    berlin = found(every_day(range(8, 9), 10, days=40).tail(28), zone="Europe/Berlin")
    # the clock goes forward on 29 March 2026: eight in the morning UTC is 9:00, then 10:00
    assert berlin["active_hours"].to_list()[-1] == 2
    assert found(every_day(range(8, 9), 10, days=40).tail(28))["active_hours"].to_list()[-1] == 1


def test_the_window_is_the_days_that_end_with_the_scored_one() -> None:
    scores = found(rows((0, 100), (24, 100), (72, 100)), days=2, minimum_days=1)
    assert scores.select("window_start", "window_end", "events").rows() == [
        (MONDAY - DAY, MONDAY + DAY, 100),
        (MONDAY, MONDAY + 2 * DAY, 200),
        (MONDAY + 2 * DAY, MONDAY + 4 * DAY, 100),
    ]


def test_too_few_events_or_days_have_no_score() -> None:
    few = found(every_day(range(9, 10), 10, days=14), minimum=100)
    assert few["score"].is_null().to_list() == [True] * 9 + [False] * 5
    assert found(every_day(range(9, 10), 100, days=7))["score"].to_list() == [None] * 6 + [0.0]


def test_weights_and_single_events_are_the_same() -> None:
    activity = every_day(range(8, 20), 2)
    single = pl.concat([activity, activity]).drop("n")
    scores = circadian_flatness(single, entity="who", time="hour").sort("window_end")
    assert_frame_equal(scores.collect(), found(activity))


def test_weights_of_nothing_are_no_activity() -> None:
    assert found(rows((0, None), (24, 0))).rows() == []


def test_no_rows_and_rows_without_entity_or_time_are_no_rows() -> None:
    assert found(rows()).rows() == []
    nobody = pl.LazyFrame([(None, MONDAY, 1), ("a", None, 1)], schema=SCHEMA, orient="row")
    assert found(nobody).rows() == []


def test_one_row_is_not_enough_to_tell() -> None:
    assert found(rows((5, 1))).select("score", "events", "quiet_hours").rows() == [(None, 1, None)]


def test_no_days_are_refused() -> None:
    with pytest.raises(MonitorError, match="'days' is 0"):
        found(rows(), days=0)


@given(
    log=st.lists(st.tuples(st.integers(0, 24 * 9), st.integers(1, 3)), max_size=40),
    cut=st.integers(0, 9),
)
@settings(max_examples=40, deadline=None)
def test_later_rows_change_no_earlier_score(log: list[tuple[int, int]], cut: int) -> None:
    whole = found(rows(*log), days=3, minimum=2, minimum_days=1)
    early = [row for row in log if row[0] < 24 * cut]
    before = found(rows(*early), days=3, minimum=2, minimum_days=1)
    assert_frame_equal(whole.filter(pl.col("window_end") <= MONDAY + cut * DAY), before)
    assert whole["score"].drop_nulls().is_between(0, 1).all()
