from datetime import UTC, datetime

import polars as pl

from monitors.detectors.first_seen import first_seen

TIME = pl.Datetime("us", "UTC")
Use = tuple[str, str, int | None]


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def uses(*rows: Use) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(account, at(clock), asn) for account, clock, asn in rows],
        schema={"account_id": pl.String, "occurred_at": TIME, "asn": pl.Int64},
        orient="row",
    )


def history(*rows: Use) -> pl.LazyFrame:
    return uses(*rows).rename({"occurred_at": "first_seen"})


def scores(events: pl.LazyFrame, past: pl.LazyFrame | None) -> list[tuple[object, ...]]:
    found = first_seen(events, entity="account_id", value="asn", history=past)
    rows = found.sort("account_id", "window_end").collect(engine="streaming")
    start = pl.col("window_start").dt.strftime("%H:%M")
    return rows.select("account_id", start, "score", "new_values").rows()


def test_counts_distinct_values_that_history_does_not_have() -> None:
    events = uses(("a", "10:01", 1), ("a", "10:02", 2), ("a", "10:03", 2), ("a", "10:04", 3))
    assert scores(events, history(("a", "09:00", 1))) == [("a", "10:00", 2.0, 2)]


def test_another_entitys_history_does_not_count() -> None:
    past = history(("a", "09:00", 1), ("b", "09:00", 2))
    assert scores(uses(("a", "10:01", 2)), past) == [("a", "10:00", 1.0, 1)]


def test_an_entity_without_history_has_no_score() -> None:
    events = uses(("a", "10:01", 1), ("b", "10:01", 1))
    assert scores(events, history(("a", "09:00", 1))) == [
        ("a", "10:00", 0.0, 0),
        ("b", "10:00", None, 1),
    ]


def test_history_from_the_start_of_the_cell_on_is_no_history() -> None:
    past = history(("a", "09:00", 1), ("a", "10:00", 2))
    assert scores(uses(("a", "10:30", 2)), past) == [("a", "10:00", 1.0, 1)]
    assert scores(uses(("a", "10:30", 2)), history(("a", "10:00", 1))) == [("a", "10:00", None, 1)]


def test_the_earliest_of_several_rows_of_history_counts() -> None:
    past = history(("a", "10:30", 2), ("a", "09:59", 2))
    assert scores(uses(("a", "10:30", 2)), past) == [("a", "10:00", 0.0, 0)]


def test_a_value_is_new_in_every_cell_until_history_has_it() -> None:
    events = uses(("a", "10:01", 2), ("a", "11:01", 2))
    past = history(("a", "09:00", 1))
    assert scores(events, past) == [("a", "10:00", 1.0, 1), ("a", "11:00", 1.0, 1)]


def test_without_a_history_the_frame_is_its_own() -> None:
    events = uses(("a", "09:01", 1), ("a", "10:01", 1), ("a", "10:02", 2), ("a", "11:01", 2))
    assert scores(events, None) == [
        ("a", "09:00", None, 1),
        ("a", "10:00", 1.0, 1),
        ("a", "11:00", 0.0, 0),
    ]


def test_a_null_value_is_neither_new_nor_known() -> None:
    events = uses(("a", "10:01", None), ("a", "11:01", None), ("a", "11:02", 2))
    assert scores(events, history(("a", "09:00", 1), ("a", "09:00", None))) == [
        ("a", "10:00", None, 0),
        ("a", "11:00", 1.0, 1),
    ]


def test_evidence_is_the_first_new_value_and_its_smallest_id() -> None:
    events = uses(("a", "10:05", 3), ("a", "10:02", 2), ("a", "10:01", 1)).with_columns(
        event_id=pl.Series(["e7", "e8", "e1"])
    )
    found = first_seen(
        events,
        entity="account_id",
        value="asn",
        history=history(("a", "09:00", 1)),
        event_id="event_id",
    ).collect()
    assert found.select("values", "new_values", "first_new_at", "event_id").rows() == [
        (3, 2, at("10:02"), "e7")
    ]
