from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.detectors.unlisted import unlisted
from monitors.errors import MonitorError

TIME = pl.Datetime("us", "UTC")
SCHEMA = {"event_id": pl.String, "who": pl.String, "occurred_at": TIME, "country": pl.String}


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def events(*rows: tuple[str, str | None]) -> pl.LazyFrame:
    given = [(f"e{i}", "a", at(clock), country) for i, (clock, country) in enumerate(rows)]
    return pl.LazyFrame(given, schema=SCHEMA, orient="row")


def scores(
    frame: pl.LazyFrame, *, allowed: Sequence[str] = ("DE", "fr"), case_sensitive: bool = False
) -> list[tuple[object, ...]]:
    found = unlisted(
        frame,
        entity="who",
        value="country",
        allowed=allowed,
        case_sensitive=case_sensitive,
        event_id="event_id",
    )
    start = pl.col("window_start").dt.strftime("%H:%M")
    rows = found.sort("window_end").collect(engine="streaming")
    return rows.select(start, "score", "distinct_unlisted", "events", "event_id").rows()


TRIP = events(("10:01", "DE"), ("10:02", "KP"), ("10:03", "FR"), ("10:04", "KP"), ("10:05", "IR"))


def test_counts_values_that_are_not_allowed() -> None:
    assert scores(TRIP) == [("10:00", 3.0, 2, 5, "e1")]
    assert scores(TRIP.reverse()) == scores(TRIP)


def test_case_matters_where_asked() -> None:
    assert scores(TRIP, case_sensitive=True) == [("10:00", 4.0, 3, 5, "e1")]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(MonitorError, match="no allowed values"):
        scores(TRIP, allowed=[])


def test_only_allowed_values_score_nothing() -> None:
    assert scores(events(("10:01", "DE"))) == [("10:00", 0.0, 0, 1, None)]


def test_a_bucket_is_half_open() -> None:
    rows = scores(events(("10:59:59.999999", "KP"), ("11:00", "KP")))
    assert rows == [("10:00", 1.0, 1, 1, "e0"), ("11:00", 1.0, 1, 1, "e1")]


def test_a_bucket_without_values_has_no_score() -> None:
    assert scores(events(("10:01", None))) == [("10:00", None, 0, 0, None)]
    assert scores(events(("10:01", None), ("10:02", "KP")))[0][1:4] == (1.0, 1, 1)


def test_duplicates_count_each() -> None:
    assert scores(events(("10:01", "KP"), ("10:01", "KP")))[0][1:3] == (2.0, 1)


def test_nothing_gives_nothing() -> None:
    assert scores(events()) == []
    assert scores(events(("10:01", "KP")).with_columns(who=pl.lit(None, pl.String))) == []


def test_numbers_are_compared_by_their_text() -> None:
    frame = events(("10:01", "64500"), ("10:02", "64501")).cast({"country": pl.Int64})
    assert scores(frame, allowed=["64500"])[0][1:3] == (1.0, 1)


def test_a_grid_of_nothing_is_refused() -> None:
    with pytest.raises(MonitorError, match="'grid'"):
        unlisted(TRIP, entity="who", value="country", allowed=["DE"], grid=timedelta(0))
