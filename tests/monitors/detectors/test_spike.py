from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.detectors.spike import spike
from monitors.errors import MonitorError

HOUR = timedelta(hours=1)
Row = tuple[str, float | None, int]


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def events(*clocks: str) -> pl.LazyFrame:
    return pl.LazyFrame(
        {"account_id": ["a"] * len(clocks), "occurred_at": [at(clock) for clock in clocks]},
        schema={"account_id": pl.String, "occurred_at": pl.Datetime("us", "UTC")},
    )


def scores(frame: pl.LazyFrame, **arguments: float) -> list[Row]:
    found = spike(frame, entity="account_id", window=HOUR, **arguments)  # type: ignore[arg-type]
    start = pl.col("window_start").dt.strftime("%H:%M")
    return found.sort("window_end").select(start, "score", "reference").collect().rows()


def test_divides_a_bucket_by_the_one_before() -> None:
    rows = scores(events("09:00", "09:59:59", "10:00", "10:10", "10:20"))
    assert rows == [("09:00", None, 0), ("10:00", 1.5, 2)]


def test_a_gap_of_one_bucket_is_a_reference_of_nothing() -> None:
    assert scores(events("08:10", "10:10")) == [("08:00", None, 0), ("10:00", None, 0)]


def test_an_empty_reference_is_replaced_where_asked() -> None:
    frame = events("10:10", "10:20", "10:30")
    assert scores(frame, empty_reference=0.5) == [("10:00", 6.0, 0)]


def test_too_small_a_reference_is_not_enough_to_tell() -> None:
    frame = events("09:10", "10:10", "10:20")
    assert scores(frame, minimum_reference=2)[1] == ("10:00", None, 1)
    assert scores(frame, minimum_reference=1)[1] == ("10:00", 2.0, 1)


def test_too_few_events_are_not_enough_to_tell() -> None:
    frame = events("09:10", "10:10", "10:20")
    assert scores(frame, minimum=3)[1] == ("10:00", None, 1)


def test_an_empty_reference_that_is_too_small_is_still_only_for_empty_buckets() -> None:
    frame = events("09:10", "10:10", "10:20")
    assert scores(frame, minimum_reference=2, empty_reference=1.0)[1] == ("10:00", None, 1)


def test_a_reference_of_zero_is_refused() -> None:
    with pytest.raises(MonitorError, match="'minimum_reference' is 0"):
        scores(events(), minimum_reference=0)
