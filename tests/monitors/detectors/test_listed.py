from datetime import UTC, datetime

import polars as pl
import pytest

from monitors.detectors.listed import listed
from monitors.errors import MonitorError


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def events(*rows: tuple[str, str | None]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [("a", at(clock), agent) for clock, agent in rows],
        schema={
            "account_id": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"),
            "user_agent": pl.String,
        },
        orient="row",
    )


def scores(frame: pl.LazyFrame, **arguments: object) -> list[tuple[object, ...]]:
    found = listed(
        frame,
        entity="account_id",
        value="user_agent",
        **arguments,  # type: ignore[arg-type]
    )
    start = pl.col("window_start").dt.strftime("%H:%M")
    rows = found.sort("window_end").collect(engine="streaming")
    return rows.select(start, "score", "distinct_listed", "events").rows()


AGENTS = events(("10:01", "curl/8.5"), ("10:02", "Mozilla"), ("10:03", "CURL/8.5"))


def test_counts_values_that_match_a_pattern_in_any_case() -> None:
    assert scores(AGENTS, patterns=["^curl/", "wget"]) == [("10:00", 2.0, 2, 3)]


def test_counts_values_that_are_on_the_list_whole() -> None:
    assert scores(AGENTS, values=["curl/8.5"]) == [("10:00", 2.0, 2, 3)]
    assert scores(AGENTS, values=["curl"]) == [("10:00", 0.0, 0, 3)]


def test_case_matters_where_asked() -> None:
    assert scores(AGENTS, values=["curl/8.5"], case_sensitive=True) == [("10:00", 1.0, 1, 3)]
    assert scores(AGENTS, patterns=["curl", "z"], case_sensitive=True) == [("10:00", 2.0, 2, 3)]


def test_a_value_on_the_list_and_in_a_pattern_counts_once() -> None:
    assert scores(AGENTS, values=["mozilla"], patterns=["moz"]) == [("10:00", 1.0, 1, 3)]


def test_every_alternative_of_a_pattern_ignores_case() -> None:
    assert scores(AGENTS, patterns=["nothing", "a|MOZ"]) == [("10:00", 1.0, 1, 3)]


def test_a_bucket_is_half_open() -> None:
    frame = events(("10:59:59.999999", "curl"), ("11:00", "curl"))
    assert scores(frame, values=["curl"]) == [("10:00", 1.0, 1, 1), ("11:00", 1.0, 1, 1)]


def test_an_event_without_a_value_is_not_listed() -> None:
    assert scores(events(("10:01", None), ("10:02", "x")), patterns=["."]) == [("10:00", 1.0, 1, 1)]


def test_a_bucket_without_values_has_no_score() -> None:
    assert scores(events(("10:01", None)), patterns=["."]) == [("10:00", None, 0, 0)]


def test_numbers_are_listed_by_their_text() -> None:
    frame = events(("10:01", "64500"), ("10:02", "64501")).cast({"user_agent": pl.Int64})
    assert scores(frame, values=["64500"]) == [("10:00", 1.0, 1, 2)]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(MonitorError, match="neither values nor patterns"):
        scores(AGENTS)
