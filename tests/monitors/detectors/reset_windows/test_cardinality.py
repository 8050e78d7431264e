from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.detectors.reset_windows.cardinality import cardinality
from monitors.errors import MonitorError

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCHEMA = {
    "event_id": pl.String,
    "who": pl.String,
    "what": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
}
Row = tuple[str | None, str | None, int]


def events(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(f"e{i}", a, b, START + timedelta(minutes=at)) for i, (a, b, at) in enumerate(rows)],
        schema=SCHEMA,
        orient="row",
    )


def matched(rows: list[Row], maximum: int) -> list[str]:
    found = cardinality(events(*rows), entity="who", value="what", maximum=maximum, window=HOUR)
    return found["event_id"].to_list()


def by_hand(rows: list[Row], maximum: int) -> list[str]:
    """Each event against all that came before it, in order of time."""
    numbered = sorted(enumerate(rows), key=lambda row: row[1][2])
    found = []
    for position, (i, (who, what, at)) in enumerate(numbered):
        earlier = [row for _, row in numbered[: position + 1]]
        present = {w for e, w, t in earlier if e == who and w is not None and at - t <= 60}
        if what is not None and len(present) > maximum:
            found.append(f"e{i}")
    return found


def test_matches_at_every_event_while_above_also_repeated_values() -> None:
    rows: list[Row] = [("a", "x", 0), ("a", "y", 1), ("a", "z", 2), ("a", "z", 3)]
    assert matched(rows, 2) == ["e2", "e3"]


def test_a_value_exactly_a_window_ago_still_counts() -> None:
    assert matched([("a", "x", 0), ("a", "y", 60)], 1) == ["e1"]
    assert matched([("a", "x", 0), ("a", "y", 61)], 1) == []


def test_a_value_is_present_since_its_newest_event() -> None:
    assert matched([("a", "x", 0), ("a", "x", 50), ("a", "y", 100)], 1) == ["e2"]


def test_nulls_neither_count_nor_match() -> None:
    rows: list[Row] = [("a", "x", 0), ("a", None, 1), ("a", "y", 2), ("a", None, 3)]
    assert matched(rows, 1) == ["e2"]


def test_entities_do_not_share_values() -> None:
    assert matched([("a", "x", 0), ("b", "y", 1), (None, "z", 2)], 1) == []


def test_no_events_no_matches() -> None:
    found = cardinality(events(), entity="who", value="what", maximum=1, window=HOUR)
    assert found.schema == SCHEMA
    assert found.is_empty()


def test_refuses_a_maximum_of_nothing() -> None:
    with pytest.raises(MonitorError, match="'maximum' is 0"):
        matched([], 0)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]),
            st.sampled_from(["v", "w", "x", "y", "z", None]),
            st.integers(-200, 200),
        )
    ),
    maximum=st.integers(1, 4),
)
def test_agrees_with_counting_by_hand(rows: list[Row], maximum: int) -> None:
    assert sorted(matched(rows, maximum)) == sorted(by_hand(rows, maximum))
