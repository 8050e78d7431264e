from datetime import UTC, datetime

import polars as pl

from monitors.activity import Season
from monitors.detectors.silence import silence

TIME = pl.Datetime("us", "UTC")


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def events(*rows: tuple[str | None, str]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(product, at(clock)) for product, clock in rows],
        schema={"product": pl.String, "occurred_at": TIME},
        orient="row",
    )


def period(*spans: tuple[str, str]) -> pl.LazyFrame:
    rows = [(at(start), at(end)) for start, end in spans]
    return pl.LazyFrame(rows, schema={"start": TIME, "end": TIME}, orient="row")


def expected(*rows: tuple[str, float | None, int]) -> pl.LazyFrame:
    schema = {"product": pl.String, "events_median": pl.Float64, "periods": pl.Int64}
    return pl.LazyFrame(rows, schema=schema, orient="row")


def scores(
    activity: pl.LazyFrame,
    spans: pl.LazyFrame,
    usual: pl.LazyFrame,
    season: Season | None = None,
    zone: str = "UTC",
) -> list[tuple[object, ...]]:
    found = silence(
        activity, entity="product", period=spans, expected=usual, season=season, zone=zone
    )
    start = pl.col("window_start").dt.strftime("%H:%M")
    rows = found.sort("product", "window_start").collect(engine="streaming")
    return rows.select("product", start, "score").rows()


def test_a_silent_period_scores_what_is_usual() -> None:
    usual = expected(("chat", 40.0, 28), ("web", 7.5, 28))
    assert scores(events(("chat", "10:30")), period(("10:00", "11:00")), usual) == [
        ("chat", "10:00", 0.0),
        ("web", "10:00", 7.5),
    ]


def test_a_period_is_half_open() -> None:
    spans = period(("10:00", "11:00"), ("11:00", "12:00"))
    assert scores(events(("chat", "11:00")), spans, expected(("chat", 40.0, 28))) == [
        ("chat", "10:00", 40.0),
        ("chat", "11:00", 0.0),
    ]


def test_a_longer_period_sums_its_hours() -> None:
    spans = period(("08:00", "12:00"))
    assert scores(events(), spans, expected(("chat", 40.0, 28))) == [("chat", "08:00", 160.0)]


def test_too_few_periods_are_not_enough_to_tell() -> None:
    usual = expected(("chat", 40.0, 13), ("web", 40.0, 14), ("api", None, 14))
    assert scores(events(), period(("10:00", "11:00")), usual) == [
        ("api", "10:00", None),
        ("chat", "10:00", None),
        ("web", "10:00", 40.0),
    ]


def test_a_key_never_seen_is_not_reported() -> None:
    rows = events(("new", "10:30"), (None, "10:30"))
    assert scores(rows, period(("10:00", "11:00")), expected()) == []


def test_a_season_gives_every_hour_its_own_expectation() -> None:
    usual = expected(("chat", 5.0, 28), ("chat", 50.0, 28)).with_columns(
        hour_of_day=pl.Series([3, 4], dtype=pl.Int64)
    )
    spans = period(("03:00", "04:00"), ("03:00", "05:00"), ("04:00", "06:00"))
    found = silence(
        events(), entity="product", period=spans, expected=usual, season="hour_of_day"
    ).collect()
    assert sorted(found["score"].to_list(), key=str) == [5.0, 55.0, None]


def test_a_season_follows_the_zone() -> None:
    usual = expected(("chat", 5.0, 28)).with_columns(hour_of_day=pl.lit(11, pl.Int64))
    spans = period(("10:00", "11:00"))
    rows = scores(events(), spans, usual, season="hour_of_day", zone="Europe/Berlin")
    assert rows == [("chat", "10:00", 5.0)]


def test_hourly_activity_counts_like_events() -> None:
    hours = events(("chat", "10:00")).rename({"occurred_at": "hour"})
    found = silence(
        hours,
        entity="product",
        period=period(("10:00", "11:00")),
        expected=expected(("chat", 40.0, 28)),
        time="hour",
    ).collect()
    assert found.select("score", "active_hours", "usual", "periods").rows() == [(0.0, 1, 40.0, 28)]
