from datetime import UTC, datetime

import polars as pl
import pytest

from monitors.detectors.ratio import ratio
from monitors.errors import MonitorError


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def scores(*rows: tuple[str, int | None], minimum: int = 1) -> list[tuple[object, ...]]:
    events = pl.LazyFrame(
        [("a", at(clock), status) for clock, status in rows],
        schema={
            "account_id": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"),
            "status": pl.Int64,
        },
        orient="row",
    )
    found = ratio(events, entity="account_id", hit=pl.col("status") >= 400, minimum=minimum)
    start = pl.col("window_start").dt.strftime("%H:%M")
    return found.sort("window_end").select(start, "score", "hits", "events").collect().rows()


def test_is_the_share_of_events_that_hit() -> None:
    rows = (("10:01", 200), ("10:02", 404), ("10:03", 200), ("10:04", 200))
    assert scores(*rows) == [("10:00", 0.25, 1, 4)]


def test_a_bucket_is_half_open() -> None:
    assert scores(("10:00", 500), ("10:59:59.999999", 200), ("11:00", 200)) == [
        ("10:00", 0.5, 1, 2),
        ("11:00", 0.0, 0, 1),
    ]


def test_under_the_minimum_there_is_no_score() -> None:
    assert scores(("10:01", 500), ("10:02", 500), minimum=3) == [("10:00", None, 2, 2)]
    assert scores(("10:01", 500), ("10:02", 500), minimum=2) == [("10:00", 1.0, 2, 2)]


def test_an_event_that_cannot_be_judged_counts_in_neither_part() -> None:
    assert scores(("10:01", 500), ("10:02", None), ("10:03", 200)) == [("10:00", 0.5, 1, 2)]


def test_only_events_that_cannot_be_judged_have_no_score() -> None:
    assert scores(("10:01", None)) == [("10:00", None, 0, 0)]


def test_a_minimum_of_nothing_is_refused() -> None:
    with pytest.raises(MonitorError, match="'minimum' is 0"):
        scores(minimum=0)
