from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from monitors.detectors.reset_windows.change import change

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


def matched(frame: pl.LazyFrame) -> list[str]:
    return change(frame, entity="who", value="what", window=HOUR)["event_id"].to_list()


def by_hand(rows: list[Row]) -> list[str]:
    """Each event against the entity's event before, in order of time."""
    before: dict[str | None, tuple[str, int]] = {}
    found = []
    for i, (who, what, at) in sorted(enumerate(rows), key=lambda row: row[1][2]):
        if not what:
            continue
        old, then = before.get(who, (what, at))
        if old != what and at - then <= 60:
            found.append(f"e{i}")
        before[who] = (what, at)
    return found


def test_there_and_back_matches_twice() -> None:
    assert matched(events(("a", "x", 0), ("a", "y", 1), ("a", "x", 2))) == ["e1", "e2"]


def test_the_window_is_closed() -> None:
    assert matched(events(("a", "x", 0), ("a", "y", 60))) == ["e1"]
    assert matched(events(("a", "x", 0), ("a", "y", 61))) == []


def test_events_that_say_nothing_are_passed_over() -> None:
    rows: list[Row] = [("a", "x", 0), ("a", None, 1), ("a", "", 2), ("a", "x", 3), ("a", "y", 4)]
    assert matched(events(*rows)) == ["e4"]


def test_entities_are_compared_with_themselves() -> None:
    assert matched(events(("a", "x", 0), ("b", "y", 1), (None, "z", 2))) == []


def test_no_events_no_matches() -> None:
    assert change(events(), entity="who", value="what", window=HOUR).schema == SCHEMA


def test_compares_numbers_too() -> None:
    rows = events(("a", "1", 0), ("a", "0", 1), ("a", "2", 2))
    assert matched(rows.with_columns(pl.col("what").cast(pl.Int64))) == ["e2"]


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]),
            st.sampled_from(["x", "y", "", None]),
            st.integers(-300, 300),
        )
    )
)
def test_agrees_with_comparing_by_hand(rows: list[Row]) -> None:
    assert sorted(matched(events(*rows))) == sorted(by_hand(rows))
