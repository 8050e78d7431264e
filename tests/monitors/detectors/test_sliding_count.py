from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.detectors.sliding_count import sliding_count
from monitors.errors import MonitorError

HOUR = timedelta(hours=1)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def events(*clocks: str, account: str | None = "a") -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "account_id": [account] * len(clocks),
            "occurred_at": [at(clock) for clock in clocks],
            "event_id": [f"e{i}" for i in range(len(clocks))],
        },
        schema={
            "account_id": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"),
            "event_id": pl.String,
        },
    )


def scores(frame: pl.LazyFrame, window: timedelta = HOUR) -> list[tuple[str, float]]:
    found = sliding_count(frame, entity="account_id", window=window).collect(engine="streaming")
    ends = found.sort("window_end").select(pl.col("window_end").dt.strftime("%H:%M"), "score")
    return ends.rows()


def test_events_exactly_a_window_apart_are_in_different_windows() -> None:
    assert scores(events("09:30", "10:30")) == [("10:00", 1.0), ("11:00", 1.0)]


def test_events_a_microsecond_less_than_a_window_apart_share_one() -> None:
    assert scores(events("09:30:00.000001", "10:30")) == [("10:00", 1.0), ("11:00", 2.0)]


def test_counts_a_burst_over_the_edge_of_a_cell() -> None:
    clocks = ("09:50", "09:55", "10:05", "10:10")
    assert scores(events(*clocks)) == [("10:00", 2.0), ("11:00", 4.0)]


def test_an_event_on_the_edge_belongs_to_the_cell_that_begins_there() -> None:
    assert scores(events("10:00")) == [("11:00", 1.0)]


def test_events_at_the_same_time_are_in_one_window() -> None:
    assert scores(events("10:05", "10:05", "10:05"), timedelta(microseconds=1)) == [("11:00", 3.0)]


def test_the_peak_is_the_earliest_event_that_reaches_the_score() -> None:
    clocks = ("09:10", "09:20", "09:25", "09:40", "09:50")
    found = sliding_count(
        events(*clocks),
        entity="account_id",
        window=timedelta(minutes=15, microseconds=1),
        event_id="event_id",
    ).collect()
    assert found.to_dicts() == [
        {
            "account_id": "a",
            "score": 3.0,
            "window_start": at("08:45") - timedelta(microseconds=1),
            "window_end": at("10:00"),
            "peak_at": at("09:25"),
            "events": 5,
            "event_id": "e0",
        }
    ]


def test_entities_are_counted_apart() -> None:
    both = pl.concat([events("10:01", "10:02"), events("10:03", account="b")])
    found = sliding_count(both, entity="account_id", window=HOUR).collect()
    assert dict(found.select("account_id", "score").rows()) == {"a": 2.0, "b": 1.0}


def test_a_row_without_entity_or_time_is_left_out() -> None:
    timeless = events("10:01").with_columns(occurred_at=pl.lit(None, pl.Datetime("us", "UTC")))
    assert scores(pl.concat([timeless, events("10:02", account=None)])) == []


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(MonitorError, match="'window' is 0:00:00"):
        sliding_count(events("10:00"), entity="account_id", window=timedelta(0))


def test_columns_may_have_the_names_that_the_detector_uses_inside() -> None:
    renamed = events("10:01", "10:02").rename({"account_id": "level", "occurred_at": "cell"})
    found = sliding_count(renamed, entity="level", time="cell", window=HOUR).collect()
    assert found.select("level", "score").rows() == [("a", 2.0)]
