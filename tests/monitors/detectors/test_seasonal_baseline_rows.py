"""How rows become buckets and series, whatever their order, chunks, gaps, nulls and history."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.seasonal_baseline import seasonal_baseline
from monitors.errors import MonitorError
from tests.monitors.detectors.seasons import DAY, EVIDENCE, HOUR, MONDAY, TIME, busy, scored, series


@pytest.mark.parametrize(("statistic", "value"), [("sum", 6.0), ("mean", 3.0), ("count", 2.0)])
def test_rows_of_a_bucket_are_put_together(statistic: str, value: float) -> None:
    rows = pl.concat([series([2.0], HOUR), series([4.0, float("nan"), None], timedelta(minutes=1))])
    assert scored(rows, HOUR, statistic=statistic)["value"].to_list() == [value]


def test_counting_needs_no_value_and_one_series_no_entity() -> None:
    rows = series([None, 1.0], timedelta(minutes=1))
    found = scored(rows, HOUR, value=None, entity=None, statistic="count")
    assert found.select("series", "value").rows() == [("all", 2.0)]


def test_buckets_are_half_open() -> None:
    rows = series([1.0, 2.0, 3.0], timedelta(minutes=30))
    hour = pl.col("window_start", "window_end").dt.hour()
    assert scored(rows, HOUR).select(hour, "value").rows() == [(0, 1, 3.0), (1, 2, 3.0)]


def test_missing_buckets_are_absent_or_zero() -> None:
    rows = series([1.0, None, 2.0], HOUR)
    until = MONDAY + 5 * HOUR
    assert scored(rows, HOUR)["value"].to_list() == [1, 2]
    assert scored(rows, HOUR, missing="zero")["value"].to_list() == [1, 0, 2]
    zeros = scored(rows, HOUR, missing="zero", until=until)
    assert zeros["value"].to_list() == [1, 0, 2, 0, 0]
    assert zeros["window_end"].max() == until


def test_silence_is_found_where_missing_is_zero() -> None:
    rows = series(busy(30), HOUR)
    until = MONDAY + 30 * DAY + 12 * HOUR
    found = scored(rows, HOUR, missing="zero", until=until, direction="down")
    silent = found.filter(pl.col("window_start") >= MONDAY + 30 * DAY)
    assert max(silent["score"]) > 6
    assert silent["distance"][-1] > 6


def test_the_season_follows_the_clocks_of_its_zone() -> None:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    hours = pl.DataFrame({"at": [start + i * HOUR for i in range(24 * 90)]}, schema={"at": TIME})
    local = pl.col("at").dt.convert_time_zone("America/New_York").dt.hour()
    open_hours = pl.when(local.is_between(9, 17)).then(100.0).otherwise(10.0)
    wobble = pl.col("at").dt.ordinal_day() % 5
    rows = hours.lazy().select(pl.lit("a").alias("host"), "at", load=open_hours + wobble)
    spring = pl.col("window_start").dt.date().is_between(pl.date(2026, 3, 8), pl.date(2026, 3, 12))
    there = scored(rows, HOUR, zone="America/New_York").filter(spring)["score"].max()
    elsewhere = scored(rows, HOUR).filter(spring)["score"].max()
    assert there < 6 < elsewhere  # type: ignore[operator]


def test_entities_do_not_touch_each_other() -> None:
    long, short = series(busy(30), HOUR), series([50.0] * 80, HOUR, host="b")
    both = scored(pl.concat([short, long]), HOUR)
    assert_frame_equal(both.filter(host="a"), scored(long, HOUR))
    assert_frame_equal(both.filter(host="b"), scored(short, HOUR))


def test_a_filter_on_the_result_does_not_cut_its_history() -> None:
    last = pl.col("window_end") > MONDAY + 29 * DAY
    lazily = seasonal_baseline(
        series(busy(30), HOUR), entity="host", time="at", value="load", bucket=HOUR
    ).filter(last)
    whole = scored(series(busy(30), HOUR), HOUR).filter(last)
    assert_frame_equal(
        lazily.select("score").sort("score").collect(), whole.select("score").sort("score")
    )


def test_what_lies_before_its_reach_changes_nothing() -> None:
    rows = series(busy(120), HOUR)
    late = scored(rows, HOUR, weeks=3)[-24:]
    reach = MONDAY + 119 * DAY - timedelta(weeks=3 * 3 + 4)
    assert late["tier"].unique().to_list() == ["week"]
    assert_frame_equal(scored(rows.filter(pl.col("at") >= reach), HOUR, weeks=3)[-24:], late)


@given(
    loads=st.lists(st.integers(0, 5), min_size=40, max_size=70),
    cut=st.integers(0, 70),
    gaps=st.sets(st.integers(0, 69)),
    missing=st.sampled_from(["gap", "zero"]),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_later_rows_and_the_order_of_rows_change_no_score(
    loads: list[int], cut: int, gaps: set[int], missing: str, order: object
) -> None:
    kept = [None if i in gaps else float(load) for i, load in enumerate(loads)]
    rows = series(kept, HOUR).filter(pl.col("load").is_not_null()).collect()
    whole = scored(rows.lazy(), HOUR, missing=missing)
    places = list(range(rows.height))
    order.shuffle(places)  # type: ignore[attr-defined]
    assert_frame_equal(scored(rows[places].lazy(), HOUR, missing=missing), whole)
    end = MONDAY + cut * HOUR
    early = scored(rows.filter(pl.col("at") < end).lazy(), HOUR, missing=missing)
    assert_frame_equal(early, whole[: early.height])
    assert whole["score"].is_finite().all()


def test_chunks_and_engines_change_nothing() -> None:
    rows = series(busy(10), HOUR).collect()
    pieces = pl.concat([rows[i : i + 7] for i in range(0, rows.height, 7)], rechunk=False)
    found = seasonal_baseline(pieces.lazy(), entity="host", time="at", value="load", bucket=HOUR)
    in_memory = found.collect(engine="in-memory").sort("window_end")
    assert_frame_equal(in_memory, scored(rows.lazy(), HOUR))


def test_empty_one_row_and_only_nulls_have_the_same_schema() -> None:
    one = scored(series([1.0], HOUR), HOUR)
    assert one.select("host", *EVIDENCE).rows() == [("a", None, 1.0, None, None, None)]
    for rows in (series([], HOUR), series([None, None], HOUR)):
        assert scored(rows, HOUR).is_empty()
        assert scored(rows, HOUR, missing="zero").is_empty()
        assert scored(rows, HOUR).schema == one.schema
    lazily = seasonal_baseline(
        series([], HOUR), entity="host", time="at", value="load", bucket=HOUR
    ).collect_schema()
    assert lazily == one.schema


def test_rows_without_entity_or_time_are_left_out() -> None:
    rows = series([1.0, 2.0], HOUR)
    nobody = rows.with_columns(host=pl.lit(None, pl.String))
    never = rows.with_columns(at=pl.lit(None, TIME))
    assert scored(pl.concat([nobody, never]), HOUR).is_empty()


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(MonitorError, match="divides a day"):
        scored(series([], HOUR), timedelta(minutes=7))
    with pytest.raises(MonitorError, match="name its column, or count"):
        scored(series([], HOUR), HOUR, value=None)
    with pytest.raises(MonitorError, match="'weeks' is 0"):
        scored(series([], HOUR), HOUR, weeks=0)
