from datetime import UTC, datetime, timedelta

import polars as pl

from monitors.detectors.distinct_values import distinct_values

HOUR = timedelta(hours=1)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def scores(*uses: tuple[str, str | None], window: timedelta = HOUR) -> list[tuple[object, ...]]:
    events = pl.LazyFrame(
        [("a", at(clock), value) for clock, value in uses],
        schema={
            "account_id": pl.String,
            "occurred_at": pl.Datetime("us", "UTC"),
            "ip": pl.String,
        },
        orient="row",
    )
    found = distinct_values(events, entity="account_id", value="ip", window=window)
    clock = pl.col("window_end", "peak_at").dt.strftime("%H:%M")
    columns = found.sort("window_end").select(clock, "score").collect(engine="streaming")
    return columns.select("window_end", "score", "peak_at").rows()


def test_a_repeated_value_counts_once() -> None:
    assert scores(("10:01", "x"), ("10:02", "x"), ("10:03", "y")) == [("11:00", 2.0, "10:03")]


def test_values_exactly_a_window_apart_are_in_different_windows() -> None:
    assert scores(("09:30", "x"), ("10:30", "y")) == [
        ("10:00", 1.0, "09:30"),
        ("11:00", 1.0, "10:30"),
    ]


def test_values_a_microsecond_less_than_a_window_apart_share_one() -> None:
    assert scores(("09:30:00.000001", "x"), ("10:30", "y"))[1] == ("11:00", 2.0, "10:30")


def test_a_value_that_leaves_and_returns_at_the_same_time_counts_once() -> None:
    assert scores(("09:30", "x"), ("10:30", "x")) == [
        ("10:00", 1.0, "09:30"),
        ("11:00", 1.0, "10:30"),
    ]


def test_a_value_stays_while_it_is_used_again_within_the_window() -> None:
    assert scores(("09:10", "x"), ("09:50", "x"), ("10:40", "y"))[1] == ("11:00", 2.0, "10:40")


def test_a_cell_that_only_repeats_an_old_value_keeps_the_others_of_its_window() -> None:
    uses = (("09:40", "x"), ("09:50", "y"), ("09:55", "x"), ("10:10", "x"), ("10:54", "x"))
    assert scores(*uses)[1] == ("11:00", 2.0, "10:10")


def test_values_at_the_same_time_are_in_one_window() -> None:
    assert scores(("10:05", "x"), ("10:05", "y"), ("10:05", "x")) == [("11:00", 2.0, "10:05")]


def test_a_null_value_counts_for_nothing() -> None:
    assert scores(("10:01", "x"), ("10:02", None), ("10:03", None)) == [("11:00", 1.0, "10:01")]


def test_windows_without_any_value_have_no_score() -> None:
    assert scores(("10:01", None)) == [("11:00", None, "10:01")]


def test_a_value_from_the_cell_before_is_in_the_window_of_an_event_without_one() -> None:
    assert scores(("09:50", "x"), ("10:10", None))[1] == ("11:00", 1.0, "10:10")


def test_one_entity_does_not_lend_values_to_the_next() -> None:
    events = pl.LazyFrame(
        {
            "account_id": ["a", "a", "b"],
            "occurred_at": [at("10:01"), at("10:02"), at("10:03")],
            "ip": ["x", "y", "y"],
        }
    ).cast({"occurred_at": pl.Datetime("us", "UTC")})
    found = distinct_values(events, entity="account_id", value="ip", window=HOUR).collect()
    assert dict(found.select("account_id", "score").rows()) == {"a": 2.0, "b": 1.0}
