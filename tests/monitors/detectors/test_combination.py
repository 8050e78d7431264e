from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.detectors.combination import Signal, aligned, combination
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = {"window_start": TIME, "window_end": TIME}
WEIGHTS = {"links": Signal(2.0, full_at=10), "age": Signal(1.0, from_=30, full_at=0)}
Values = tuple[str, float | None, float | None]
levels = st.none() | st.floats(-50, 50)


def signals(*rows: Values, start: datetime = START) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(who, start, start + HOUR, links, age) for who, links, age in rows],
        schema={"who": pl.String, **WINDOW, "links": pl.Float64, "age": pl.Float64},
        orient="row",
    )


def scores(*rows: Values, **arguments: float) -> list[tuple[object, ...]]:
    found = combination(signals(*rows), entity="who", weights=WEIGHTS, **arguments)
    assert found.collect_schema()["score"] == pl.Float64
    told = found.sort("who").collect(engine="streaming")
    return told.select("score", "known", "contribution_links", "contribution_age").rows()


def test_adds_weight_times_strength() -> None:
    assert scores(("a", 5.0, 15.0)) == [(1.5, 1.0, 1.0, 0.5)]


def test_a_signal_counts_from_nothing_to_its_whole_weight() -> None:
    found = scores(("a", -3.0, 45.0), ("b", 0.0, 30.0), ("c", 10.0, 0.0), ("d", 99.0, -9.0))
    assert [row[0] for row in found] == [0.0, 0.0, 3.0, 3.0]


def test_an_unknown_signal_adds_nothing() -> None:
    assert scores(("a", 10.0, None)) == [(2.0, pytest.approx(2 / 3), 2.0, None)]
    assert scores(("a", 10.0, float("nan"))) == [(2.0, pytest.approx(2 / 3), 2.0, None)]


def test_too_little_known_is_no_score() -> None:
    assert scores(("a", None, 0.0)) == [(None, pytest.approx(1 / 3), None, None)]
    assert scores(("a", None, 0.0), minimum_known=1 / 3) == [(1.0, pytest.approx(1 / 3), None, 1.0)]
    assert scores(("a", None, None), minimum_known=0) == [(None, 0.0, None, None)]


def test_renormalised_an_unknown_signal_is_as_strong_as_the_others() -> None:
    assert scores(("a", 5.0, None), renormalise=True) == [
        (pytest.approx(1.5), pytest.approx(2 / 3), pytest.approx(1.5), None)
    ]


def test_an_infinite_signal_has_its_whole_weight() -> None:
    assert scores(("a", float("inf"), float("inf"))) == [(2.0, 1.0, 2.0, 0.0)]


def test_the_strongest_of_duplicates_counts() -> None:
    assert scores(("a", 5.0, 30.0), ("a", None, 0.0)) == scores(("a", 5.0, 0.0))


def test_rows_without_entity_are_left_out_and_nothing_gives_nothing() -> None:
    rows = signals().with_columns(who=pl.lit(None, pl.String))
    assert combination(rows, entity="who", weights=WEIGHTS).collect().height == 0
    nobody = signals(("a", 1.0, 1.0)).with_columns(who=pl.lit(None, pl.String))
    assert combination(nobody, entity="who", weights=WEIGHTS).collect().height == 0


@given(rows=st.lists(st.tuples(levels, levels), max_size=8), renormalise=st.booleans())
@settings(max_examples=50, deadline=None)
def test_contributions_sum_to_the_score(
    rows: list[tuple[float | None, float | None]], *, renormalise: bool
) -> None:
    given_rows = [(str(i), *row) for i, row in enumerate(rows)]
    for score, known, *parts in scores(*given_rows, minimum_known=0.6, renormalise=renormalise):
        assert (score is None) == (known < 0.6)  # type: ignore[operator]
        if score is not None:
            assert sum(p for p in parts if p is not None) == pytest.approx(score)  # type: ignore[misc]
            assert 0 <= score <= 3 + 1e-9  # type: ignore[operator]


@given(first=levels, second=levels, age=levels)
@settings(max_examples=50, deadline=None)
def test_a_stronger_signal_never_lowers_the_score(
    first: float | None, second: float | None, age: float | None
) -> None:
    low, high = sorted((first, second), key=lambda v: float("-inf") if v is None else v)
    [before], [after] = (scores(("a", v, age), minimum_known=0) for v in (low, high))
    assert (before[0] or 0) <= (after[0] or 0)  # type: ignore[operator]


@given(rows=st.permutations([("a", 1.0, 2.0), ("b", 3.0, None), ("a", 9.0, 40.0), ("c", 0.1, 7.0)]))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_changes_nothing(rows: list[Values]) -> None:
    assert scores(*rows) == scores(*sorted(rows, key=lambda row: (row[0], row[1])))


def score(*rows: tuple[str, int, float | None], back: timedelta = HOUR) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(who, START + i * HOUR - back, START + i * HOUR, value) for who, i, value in rows],
        schema={"who": pl.String, **WINDOW, "score": pl.Float64},
        orient="row",
    )


def test_scores_that_end_together_stand_in_one_row() -> None:
    burst = score(("a", 1, 7.0), ("a", 2, 8.0), back=2 * HOUR)
    share = score(("a", 1, None), ("b", 2, 0.5))
    rows = aligned(entity="who", burst=burst, share=share).sort("who", "window_end").collect()
    assert rows.schema["burst"] == rows.schema["share"] == pl.Float64
    assert rows.rows() == [
        ("a", START - HOUR, START + HOUR, 7.0, None),
        ("a", START, START + 2 * HOUR, 8.0, None),
        ("b", START + HOUR, START + 2 * HOUR, None, 0.5),
    ]


def test_the_highest_of_several_scores_is_aligned() -> None:
    rows = aligned(entity="who", one=score(("a", 1, 2.0), ("a", 1, 5.0), ("a", 1, None)))
    assert rows.select("one").collect().rows() == [(5.0,)]


def test_aligned_scores_combine_by_several_keys() -> None:
    one = score(("a", 1, 2.0)).with_columns(product=pl.lit("chat"))
    both = aligned(entity=["product", "who"], one=one, two=one)
    weights = {"one": Signal(1, full_at=4), "two": Signal(1, full_at=2)}
    rows = combination(both, entity=["product", "who"], weights=weights).collect()
    assert rows.select("product", "who", "score").rows() == [("chat", "a", 1.5)]


def test_a_signal_without_scale_or_weight_is_refused() -> None:
    with pytest.raises(MonitorError, match="has no scale"):
        Signal(1, full_at=2, from_=2)
    with pytest.raises(MonitorError, match="'weight' is 0"):
        Signal(0, full_at=2)


def test_no_signals_or_taken_names_are_refused() -> None:
    with pytest.raises(MonitorError, match="no signal"):
        combination(signals(), entity="who", weights={})
    with pytest.raises(MonitorError, match=r"\['score'\]"):
        combination(signals(), entity="who", weights={"score": Signal(1, full_at=2)})
    with pytest.raises(MonitorError, match="'minimum_known' is 2"):
        combination(signals(), entity="who", weights=WEIGHTS, minimum_known=2)
    with pytest.raises(MonitorError, match="no signal"):
        aligned(entity="who")
