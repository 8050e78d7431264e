from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.detectors.reset_windows.new_terms import new_terms

START = datetime(2026, 3, 2, tzinfo=UTC)
SCHEMA = {
    "event_id": pl.String,
    "what": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
}
Row = tuple[str | None, int]


def events(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(f"e{i}", what, START + timedelta(minutes=at)) for i, (what, at) in enumerate(rows)],
        schema=SCHEMA,
        orient="row",
    )


def matched(frame: pl.LazyFrame, known: list[str]) -> list[str]:
    return new_terms(frame, value="what", known=known)["event_id"].to_list()


def test_matches_the_first_event_with_each_unknown_value() -> None:
    rows: list[Row] = [("x", 0), ("y", 1), ("y", 2), ("z", 3)]
    assert matched(events(*rows), ["x"]) == ["e1", "e3"]


def test_the_first_is_the_earliest_then_the_first_row() -> None:
    assert matched(events(("x", 5), ("x", 1), ("x", 1)), []) == ["e1"]


def test_what_says_nothing_is_no_value() -> None:
    assert matched(events((None, 0), ("", 1), ("x", 2)), []) == ["e2"]


def test_zero_and_false_are_no_values() -> None:
    numbers = events(("0", 0), ("1", 1)).with_columns(pl.col("what").cast(pl.Int64))
    assert new_terms(numbers, value="what", known=[])["event_id"].to_list() == ["e1"]
    truths = numbers.with_columns(pl.col("what") == 1)
    assert new_terms(truths, value="what", known=[])["event_id"].to_list() == ["e1"]


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["", "x", "y"])])
def test_knows_values_in_a_dictionary(dtype: pl.DataType) -> None:
    frame = events(("x", 0), ("y", 1), ("", 2)).with_columns(pl.col("what").cast(dtype))
    assert matched(frame, ["x"]) == ["e1"]


def test_known_values_may_be_a_series() -> None:
    found = new_terms(events(("x", 0), ("y", 1)), value="what", known=pl.Series(["x"]))
    assert found["event_id"].to_list() == ["e1"]


def test_no_events_no_matches() -> None:
    assert new_terms(events(), value="what", known=["x"]).schema == SCHEMA


@given(
    rows=st.lists(st.tuples(st.sampled_from(["w", "x", "y", "z", "", None]), st.integers(0, 20))),
    known=st.lists(st.sampled_from(["w", "x", "q"])),
)
def test_agrees_with_remembering_by_hand(rows: list[Row], known: list[str]) -> None:
    seen, expected = set(known), []
    for i, (what, _) in sorted(enumerate(rows), key=lambda row: row[1][1]):
        if what and what not in seen:
            seen.add(what)
            expected.append(f"e{i}")
    assert matched(events(*rows), known) == expected
