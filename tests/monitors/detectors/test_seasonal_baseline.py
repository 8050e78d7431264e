from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.seasonal_baseline import seasonal_baseline
from monitors.errors import MonitorError

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY, HOUR, FIVE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
TIME = pl.Datetime("us", "UTC")
SCHEMA = {"host": pl.String, "at": TIME, "load": pl.Float64}
EVIDENCE = ("score", "value", "expected", "scale", "tier")


def series(loads: Sequence[float | None], bucket: timedelta, host: str = "a") -> pl.LazyFrame:
    times = [MONDAY + i * bucket for i in range(len(loads))]
    columns = {"host": [host] * len(loads), "at": times, "load": list(loads)}
    return pl.LazyFrame(columns, schema=SCHEMA)  # type: ignore[arg-type]


def scored(rows: pl.LazyFrame, bucket: timedelta, **options: object) -> pl.DataFrame:
    named = {"value": "load", "entity": "host", **options}
    found = seasonal_baseline(rows, time="at", bucket=bucket, **named)  # type: ignore[arg-type]
    return found.sort(found.collect_schema().names()[0], "window_end").collect(engine="streaming")


def scores(loads: Sequence[float | None], bucket: timedelta, **options: object) -> list[float]:
    found = scored(series(loads, bucket), bucket, **options)
    return found["score"].fill_null(-1).to_list()


def busy(days: int, bucket: timedelta = HOUR) -> list[float]:
    """Busy by day, calm by night, calmer at weekends, with noise of 5 around about 100."""
    day = np.arange(days * (DAY // bucket)) * (bucket / DAY)
    noise = np.random.default_rng(7)
    week = np.where(day % 7 < 5, 1.0, 0.6)
    swing = (100 + 60 * np.sin(2 * np.pi * (day - 0.3))) * week
    loads: list[float] = (swing + noise.normal(0, 5, len(day))).tolist()
    return loads


def test_agrees_with_a_case_by_hand() -> None:
    # Level 12, the median of the week before. Every bucket lay 2 from its level, four of the last
    # seven above, so 14 is expected; every residual was 4, which is 1.1503 deviations.
    row = scored(series([10.0, 12.0] * 12 + [40.0], DAY), DAY).select(EVIDENCE).row(-1)
    assert row[1:] == (40.0, 14.0, pytest.approx(4 / 1.1503), "level")
    assert row[0] == pytest.approx((40 - 14) / 4 * 1.1503)


@pytest.mark.parametrize(("direction", "expected"), [("up", -15), ("down", 15), ("both", 15)])
def test_direction_gives_the_sign(direction: str, expected: int) -> None:
    fallen = scored(series([10.0, 12.0] * 12 + [-38.0], DAY), DAY, direction=direction)
    assert round(fallen["score"][-1]) == expected


def test_is_null_for_the_first_36_hours_or_22_days() -> None:
    for bucket, first in ((HOUR, 36), (DAY, 22)):
        found = scored(series([5.0] * 40, bucket), bucket).select(EVIDENCE)
        assert found["score"].to_list() == [None] * first + [0.0] * (40 - first)
        assert found[:first].select("expected", "scale", "tier").null_count().row(0) == (first,) * 3


def test_falls_back_from_the_week_to_the_day_to_the_level() -> None:
    found = scored(series(busy(35), HOUR), HOUR).filter(pl.col("score").is_not_null())
    tiers = found.group_by("tier", maintain_order=True).agg(pl.col("window_start").min())
    assert tiers["tier"].to_list() == ["level", "day", "week"]


@pytest.mark.parametrize("bucket", [FIVE, timedelta(minutes=30), HOUR])
def test_finds_a_spike_and_a_dip_in_a_season_and_nothing_else(bucket: timedelta) -> None:
    loads, day = busy(50, bucket), DAY // bucket
    loads[44 * day + day // 2] += 80
    loads[45 * day + day // 2] -= 80
    hits = [i for i, score in enumerate(scores(loads, bucket)) if score > 6]
    assert hits == [44 * day + day // 2, 45 * day + day // 2]


def test_a_usual_load_at_an_unusual_time_is_found() -> None:
    loads = busy(35)
    loads[30 * 24 + 3] = 150.0
    assert scores(loads, HOUR)[30 * 24 + 3] > 6


@pytest.mark.parametrize("growth", [-0.02, 0.0, 0.02])
def test_a_steady_trend_is_never_flagged_and_hides_nothing(growth: float) -> None:
    loads = [load * (1 + growth) ** (i / 24) for i, load in enumerate(busy(70))]
    assert max(scores(loads, HOUR)) < 6
    loads[60 * 24 + 12] *= 2
    assert scores(loads, HOUR)[60 * 24 + 12] > 6


def test_a_level_that_stays_is_usual_after_half_a_day() -> None:
    loads = busy(50)
    shifted = scored(series([*loads[:960], *(load + 150 for load in loads[960:])], HOUR), HOUR)
    assert shifted["score"][960] > 6
    assert shifted["distance"][960:964].min() > 6
    assert shifted["score"][973:].max() < 6


def test_what_goes_on_is_no_news_unless_it_grows_fivefold() -> None:
    loads = busy(50)
    loads[960:963] = [
        load + extra for load, extra in zip(loads[960:963], (80, 80, 900), strict=True)
    ]
    assert [score > 6 for score in scores(loads, HOUR)[960:963]] == [True, False, True]


def test_what_happens_on_four_of_fourteen_days_is_the_habit_of_a_series() -> None:
    loads = busy(60)
    for day, hour in zip(range(45, 55, 2), (3, 9, 14, 6, 19), strict=True):
        loads[day * 24 + hour] += 80
    hits = [i // 24 for i, score in enumerate(scores(loads, HOUR)) if score > 6]
    assert hits == [45, 47, 49, 51]


def test_daily_buckets_get_used_to_a_level_in_a_week() -> None:
    loads = busy(100)[12::24]
    shifted = scores([*loads[:80], *(load + 300 for load in loads[80:])], DAY)
    assert shifted[80] > 10
    assert max(shifted[87:]) < 6


def test_a_past_incident_does_not_hide_the_next() -> None:
    loads = busy(50)
    loads[40 * 24 : 41 * 24] = [10 * load for load in loads[40 * 24 : 41 * 24]]
    loads[45 * 24 + 12] += 80
    assert scores(loads, HOUR)[45 * 24 + 12] > 6


@pytest.mark.parametrize("rate", [0.05, 0.3, 1.0, 3.0])
def test_few_events_are_no_anomaly_and_a_burst_is(rate: float) -> None:
    counts = np.random.default_rng(3).poisson(rate, 24 * 60).astype(float).tolist()
    quiet = scores(counts, HOUR, unit=1)
    assert sum(score > 6 for score in quiet) <= 1
    counts[24 * 50] = 30.0
    assert scores(counts, HOUR, unit=1)[24 * 50] > 6


@pytest.mark.parametrize("factor", [1e-6, 1e9, -1.0])
def test_a_multiple_of_a_series_scores_the_same(factor: float) -> None:
    counts = np.random.default_rng(3).poisson(2, 24 * 40).astype(float)
    for loads in (np.array(busy(40)), counts):
        once, again = scores(loads.tolist(), HOUR), scores((loads * factor).tolist(), HOUR)
        if factor > 0:
            assert again == pytest.approx(once, rel=1e-6)
        else:
            assert max(again) < 6


def test_a_change_after_nothing_but_zeros_scores_a_hundred() -> None:
    assert scores([0.0] * 60 + [0.1], HOUR)[-2:] == [0.0, 100.0]


def test_a_jump_of_a_wandering_series_is_seen_against_its_last_buckets() -> None:
    steps = np.random.default_rng(0).normal(0, 1, 288 * 14)
    loads = np.cumsum(steps)
    loads[288 * 12] += 15
    row = scored(series(loads.tolist(), FIVE), FIVE).select(EVIDENCE).row(288 * 12)
    assert row[0] > 6
    assert row[4] == "recent"


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
    assert silent["score"].max() > 6
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
