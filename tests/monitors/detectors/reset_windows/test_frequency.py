from collections import defaultdict
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.detectors.reset_windows.frequency import frequency
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCHEMA = {"event_id": pl.String, "who": pl.String, "occurred_at": TIME}
Row = tuple[str | None, int]


def events(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(f"e{i}", who, START + timedelta(minutes=at)) for i, (who, at) in enumerate(rows)],
        schema=SCHEMA,
        orient="row",
    )


def matched(frame: pl.LazyFrame, n: int) -> list[str]:
    return frequency(frame, entity="who", n=n, window=HOUR)["event_id"].to_list()


def by_hand(rows: list[Row], n: int) -> list[str]:
    """Event by event, in order of time."""
    recent: dict[str | None, list[int]] = defaultdict(list)
    found = []
    for i, (who, at) in sorted(enumerate(rows), key=lambda row: row[1][1]):
        recent[who] = [t for t in recent[who] if at - t < 60] + [at]
        if len(recent[who]) >= n:
            found.append(f"e{i}")
            recent[who] = []
    return found


def test_matches_at_the_event_that_completes_the_count() -> None:
    assert matched(events(("a", 0), ("b", 1), ("a", 30), ("a", 59)), 3) == ["e3"]


def test_events_exactly_a_window_apart_are_not_together() -> None:
    assert matched(events(("a", 0), ("a", 30), ("a", 60)), 3) == []


def test_a_match_uses_up_its_events() -> None:
    assert matched(events(*[("a", at) for at in range(7)]), 3) == ["e2", "e5"]


def test_an_entity_does_not_use_up_anothers_events() -> None:
    assert matched(events(("a", 0), ("b", 0), ("a", 1), ("b", 1)), 2) == ["e2", "e3"]


def test_every_event_matches_a_count_of_one() -> None:
    assert matched(events(("a", 0), ("a", 0), (None, 5)), 1) == ["e0", "e1", "e2"]


def test_no_events_no_matches() -> None:
    found = frequency(events(), entity="who", n=2, window=HOUR)
    assert found.schema == SCHEMA
    assert found.is_empty()


def test_rows_carry_entity_and_time() -> None:
    found = frequency(events(("a", 5)), entity="who", n=1, window=HOUR)
    assert found.rows() == [("e0", "a", START + timedelta(minutes=5))]


def test_refuses_a_missing_time() -> None:
    frame = events(("a", 0)).with_columns(occurred_at=pl.lit(None, TIME))
    with pytest.raises(MonitorError, match="'occurred_at' has 1 nulls"):
        frequency(frame, entity="who", n=2, window=HOUR)


@pytest.mark.parametrize(("n", "window"), [(0, HOUR), (2, timedelta(0))])
def test_refuses_a_count_or_window_of_nothing(n: int, window: timedelta) -> None:
    with pytest.raises(MonitorError, match="greater than nothing"):
        frequency(events(("a", 0)), entity="who", n=n, window=window)


@given(
    rows=st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(-200, 200))),
    n=st.integers(1, 6),
)
def test_agrees_with_counting_by_hand(rows: list[Row], n: int) -> None:
    assert sorted(matched(events(*rows), n)) == sorted(by_hand(rows, n))


@given(
    rows=st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 200)), unique=True),
    size=st.integers(1, 9),
)
def test_order_and_chunks_change_nothing(rows: list[Row], size: int) -> None:
    distinct = {(who, at * 2 + (who == "b")) for who, at in rows}
    frame = events(*sorted(distinct, key=lambda row: row[1])).collect()
    pieces = [frame[i : i + size] for i in range(0, frame.height, size)]
    chunked = pl.concat([frame[:0], *reversed(pieces)], rechunk=False)
    assert matched(chunked.lazy(), 3) == matched(frame.lazy(), 3)
