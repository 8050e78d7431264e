from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.isolation_forest import isolation_forest
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SCHEMA = {"who": pl.String, "hour": TIME, "logins": pl.Float64, "countries": pl.Float64}
Row = tuple[str | None, datetime | None, float | None, float | None]
ODD: Row = ("odd", MONDAY + DAY, 400.0, 9.0)
PLAIN: Row = ("plain", MONDAY + DAY, 5.0, 1.0)


@cache
def usual() -> tuple[Row, ...]:
    """Three hundred hours of Monday: about five logins from one country or two."""
    seeded = np.random.default_rng(7)
    logins, countries = seeded.poisson(5, 300), 1 + seeded.binomial(1, 0.2, 300)
    return tuple(
        (f"u{i:03}", MONDAY + (i % 24) * HOUR, float(a), float(b))
        for i, (a, b) in enumerate(zip(logins, countries, strict=True))
    )


def frame(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def scored(features: pl.LazyFrame, **arguments: object) -> pl.DataFrame:
    asked: dict[str, object] = {"look_back": DAY, "minimum": 100, "trees": 25, **arguments}
    found = isolation_forest(
        features,
        entity="who",
        columns=["logins", "countries"],
        **asked,  # type: ignore[arg-type]
    )
    rows = found.collect(engine="streaming")
    assert rows.schema == found.collect_schema()
    return rows.sort("window_end", "who")


def tuesday(*rows: Row, **arguments: object) -> pl.DataFrame:
    found = scored(frame(*usual(), *rows), **arguments)
    return found.filter(pl.col("window_start") >= MONDAY + DAY)


def test_an_odd_row_stands_further_apart_than_a_plain_one() -> None:
    odd, plain = tuesday(ODD, PLAIN).iter_rows(named=True)
    assert (odd["who"], odd["window_end"] - odd["window_start"]) == ("odd", HOUR)
    assert odd["score"] == pytest.approx(np.log10(301))  # no row of Monday is as isolated
    assert 0 <= plain["score"] < 0.5
    assert 0 < plain["isolation"] < odd["isolation"] < 1
    assert odd["trained_on"] == 300


def test_the_score_is_the_share_of_past_rows_as_isolated() -> None:
    past = scored(frame(*usual(), *((who, h + DAY, a, b) for who, h, a, b in usual() if h)))
    again = past.filter(pl.col("window_start") >= MONDAY + DAY)
    rank = again["isolation"].rank("min", descending=True)
    ties = again.select(k=pl.len().over("isolation"))["k"] - 1
    assert again["score"].to_list() == pytest.approx(np.log10(301 / (rank + ties + 1)).to_list())


def test_names_the_features_farthest_from_the_median() -> None:
    [farthest] = tuesday(("odd", MONDAY + DAY, 5.0, 9.0))["farthest"].to_list()
    assert [far["feature"] for far in farthest] == ["countries", "logins"]
    logs = np.log1p([row[3] for row in usual()]).astype(float)  # over half are 1: the MAD is 0
    assert farthest[0]["z"] == pytest.approx((np.log(10) - np.log(2)) / logs.std(), rel=1e-3)


def test_without_enough_history_there_is_no_score() -> None:
    monday = scored(frame(*usual()))
    assert (monday.height, monday["score"].null_count()) == (300, 300)
    row = tuesday(ODD, minimum=301).row(0, named=True)
    assert [row[c] for c in ("score", "isolation", "farthest")] == [None, None, None]
    assert row["trained_on"] == 300


def test_the_look_back_is_half_open() -> None:
    assert tuesday(ODD, look_back=2 * HOUR, minimum=1)["trained_on"].to_list() == [24]
    assert tuesday(ODD, look_back=DAY - HOUR)["trained_on"].to_list() == [287]


def test_a_row_with_a_missing_feature_is_neither_scored_nor_trained_on() -> None:
    rows = tuesday(
        ("a", MONDAY + DAY, None, 1.0),
        ("b", MONDAY + DAY, 5.0, float("nan")),
        ("c", MONDAY + DAY, float("inf"), 1.0),
        ("d", MONDAY + HOUR, None, 1.0),
        ("e", MONDAY + DAY, 5.0, 1.0),
    )
    assert rows["who"].to_list() == ["a", "b", "c", "e"]
    assert rows["score"].is_null().to_list() == [True, True, True, False]
    assert rows["trained_on"].to_list() == [300] * 4


def test_rows_without_entity_or_time_are_left_out() -> None:
    assert tuesday((None, MONDAY + DAY, 1.0, 1.0), ("a", None, 1.0, 1.0)).height == 0


def test_nothing_gives_nothing_and_one_row_no_score() -> None:
    assert scored(frame()).height == 0
    assert scored(frame(ODD))["score"].to_list() == [None]
    assert scored(frame(("a", MONDAY, None, None)))["score"].to_list() == [None]


def test_of_rows_in_one_bucket_the_most_isolated_is_kept() -> None:
    half_past: Row = ("odd", MONDAY + DAY + HOUR / 2, 5.0, 1.0)
    missing: Row = ("odd", MONDAY + DAY, None, 1.0)
    assert_frame_equal(tuesday(half_past, ODD, missing, ODD), tuesday(ODD))


def test_features_that_never_vary_do_not_break_the_evidence() -> None:
    same: list[Row] = [(f"s{i}", MONDAY, 3.0, 1.0) for i in range(100)]
    [row] = scored(frame(*same, ODD)).filter(pl.col("who") == "odd").iter_rows(named=True)
    assert row["score"] == pytest.approx(np.log10(101))
    assert all(np.isfinite(far["z"]) for far in row["farthest"])


def test_negative_features_are_scored_too() -> None:
    low, plain = tuesday(("low", MONDAY + DAY, -400.0, 1.0), PLAIN)["score"]
    assert low > 1 > plain


def test_a_value_out_of_range_is_more_isolated_than_the_end_of_the_range() -> None:
    top = max(row[2] or 0 for row in usual())
    far, end = tuesday(("a", MONDAY + DAY, 1e9, 1.0), ("b", MONDAY + DAY, top, 1.0))["score"]
    assert far > end > 1


@given(order=st.randoms(use_true_random=False), size=st.integers(1, 90))
@settings(max_examples=10, deadline=None)
def test_order_and_chunks_change_nothing(order: object, size: int) -> None:
    rows = [*usual(), ODD, PLAIN]
    order.shuffle(rows)  # type: ignore[attr-defined]
    pieces = [frame(*rows[i : i + size]).collect() for i in range(0, len(rows), size)]
    chunked = pl.concat(pieces, rechunk=False).lazy()
    assert_frame_equal(scored(chunked), scored(frame(*usual(), ODD, PLAIN)), check_exact=True)


@given(hour=st.integers(0, 47), logins=st.floats(-1e6, 1e6), countries=st.floats(0, 1e6))
@settings(max_examples=15, deadline=None)
def test_rows_of_the_same_day_or_later_change_no_score(
    hour: int, logins: float, countries: float
) -> None:
    late: Row = ("late", MONDAY + DAY + hour * HOUR, logins, countries)
    both = tuesday(ODD, PLAIN, late).filter(pl.col("who") != "late")
    assert_frame_equal(both, tuesday(ODD, PLAIN), check_exact=True)


def test_a_later_filter_on_windows_keeps_the_history() -> None:
    whole = isolation_forest(
        frame(*usual(), ODD), entity="who", columns=["logins"], look_back=DAY, minimum=100, trees=5
    )
    late = whole.filter(pl.col("window_start") >= MONDAY + DAY).select("score").collect()
    assert late["score"].null_count() == 0


def test_contradictions_are_refused() -> None:
    with pytest.raises(MonitorError, match="no columns"):
        isolation_forest(frame(), entity="who", columns=[], look_back=DAY)
    with pytest.raises(MonitorError, match="'retrain' is 1:30:00"):
        scored(frame(), retrain=timedelta(minutes=90))
    with pytest.raises(MonitorError, match="'minimum' is 0"):
        scored(frame(), minimum=0)
