from datetime import UTC, datetime, timedelta

import polars as pl

from monitors.detectors.change_of_value import changes


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def scores(*rows: tuple[str, str | None]) -> list[tuple[object, ...]]:
    events = pl.LazyFrame(
        [("a", at(clock), country) for clock, country in rows],
        schema={
            "account_id": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"),
            "country": pl.String,
        },
        orient="row",
    )
    found = changes(events, entity="account_id", value="country", window=timedelta(hours=1))
    end = pl.col("window_end").dt.strftime("%H:%M")
    return found.sort("window_end").select(end, "score", "compared").collect().rows()


def test_counts_changes_there_and_back() -> None:
    rows = (("10:01", "DE"), ("10:02", "FR"), ("10:03", "FR"), ("10:04", "DE"))
    assert scores(*rows) == [("11:00", 2.0, 3)]


def test_events_exactly_a_window_apart_are_compared() -> None:
    assert scores(("09:30", "DE"), ("10:30", "FR"))[1] == ("11:00", 1.0, 1)


def test_events_more_than_a_window_apart_are_not_compared() -> None:
    assert scores(("09:30", "DE"), ("10:30:00.000001", "FR"))[1] == ("11:00", None, 0)


def test_a_change_belongs_to_the_cell_of_its_later_event() -> None:
    assert scores(("09:59", "DE"), ("10:00", "FR")) == [("10:00", None, 0), ("11:00", 1.0, 1)]


def test_one_event_has_nothing_to_compare() -> None:
    assert scores(("10:01", "DE")) == [("11:00", None, 0)]


def test_an_event_without_a_value_is_passed_over() -> None:
    assert scores(("10:01", "DE"), ("10:02", None), ("10:03", "FR")) == [("11:00", 1.0, 1)]
    assert scores(("10:01", "DE"), ("10:02", None), ("10:03", "DE")) == [("11:00", 0.0, 1)]


def test_a_cell_without_values_has_no_score() -> None:
    assert scores(("10:01", None), ("10:02", None)) == [("11:00", None, 0)]


def test_events_at_the_same_time_are_taken_in_order_of_value() -> None:
    rows = (("10:01", "DE"), ("10:02", "FR"), ("10:02", "DE"))
    assert scores(*rows) == scores(*reversed(rows)) == [("11:00", 1.0, 2)]


def test_two_entities_are_not_compared() -> None:
    events = pl.LazyFrame(
        {
            "account_id": ["a", "b"],
            "occurred_at": [at("10:01"), at("10:02")],
            "country": ["DE", "FR"],
        }
    ).cast({"occurred_at": pl.Datetime("us", "UTC")})
    found = changes(events, entity="account_id", value="country", window=timedelta(hours=1))
    assert found.collect()["score"].to_list() == [None, None]


def test_evidence_is_the_first_and_last_change() -> None:
    events = pl.LazyFrame(
        {
            "account_id": ["a"] * 4,
            "occurred_at": [at("10:01"), at("10:02"), at("10:03"), at("10:04")],
            "country": ["DE", "FR", "DE", "DE"],
            "event_id": ["e1", "e9", "e5", "e2"],
        }
    ).cast({"occurred_at": pl.Datetime("us", "UTC")})
    found = changes(
        events,
        entity="account_id",
        value="country",
        window=timedelta(hours=1),
        event_id="event_id",
    ).collect()
    evidence = found.select("first_change_at", "last_change_at", "event_id").rows()
    assert evidence == [(at("10:02"), at("10:03"), "e5")]
