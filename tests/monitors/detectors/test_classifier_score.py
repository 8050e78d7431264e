from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.detectors.classifier_score import classifier_score
from monitors.errors import MonitorError

DAY = timedelta(days=1)
SCHEMA = {
    "event_id": pl.String,
    "who": pl.String,
    "occurred_at": pl.Datetime("us", "UTC"),
    "p": pl.Float64,
}
Row = tuple[str, float | None]


def at(clock: str) -> datetime:
    day, _, time = clock.rpartition(" ")
    return datetime.fromisoformat(f"2026-03-{day or '02'}T{time}").replace(tzinfo=UTC)


def events(*rows: Row) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(f"e{i}", "a", at(clock), p) for i, (clock, p) in enumerate(rows)],
        schema=SCHEMA,
        orient="row",
    )


def scores(*rows: Row, **arguments: object) -> list[tuple[object, ...]]:
    found = classifier_score(events(*rows), **{**ASKED, **arguments})  # type: ignore[arg-type]
    start = pl.col("window_start").dt.strftime("%d %H:%M")
    told = found.sort("window_end").collect(engine="streaming")
    return told.select(start, "score", "events", "scored", "hits", "event_id").rows()


ASKED: dict[str, object] = {"entity": "who", "probability": "p", "cut": 0.5, "event_id": "event_id"}
FOUR = (("10:01", 0.9), ("10:02", 0.2), ("10:03", 0.5), ("10:04", None))


def test_counts_events_at_or_over_the_cut() -> None:
    assert scores(*FOUR) == [("02 10:00", 2.0, 4, 3, 2, "e0")]


def test_is_the_share_of_scored_events() -> None:
    assert scores(*FOUR, statistic="share") == [("02 10:00", 2 / 3, 4, 3, 2, "e0")]


def test_is_the_mean_of_the_highest() -> None:
    assert scores(*FOUR, statistic="top", top=2)[0][1] == pytest.approx(0.7)
    assert scores(*FOUR, statistic="top", top=9)[0][1] == pytest.approx(1.6 / 3)


def test_is_the_chance_that_one_hit_is_true() -> None:
    assert scores(*FOUR, statistic="noisy_or")[0][1] == pytest.approx(1 - 0.1 * 0.5)
    assert scores(("10:01", 1.0), ("10:02", 0.6), statistic="noisy_or")[0][1] == 1.0
    assert scores(("10:01", 0.4), statistic="noisy_or")[0][1] == 0.0


def test_counts_days_with_a_hit_in_the_look_back() -> None:
    rows = (("02 10:00", 0.9), ("02 12:00", 0.9), ("03 10:00", 0.1), ("04 10:00", 0.9))
    asked = {"statistic": "days", "grid": DAY}
    two, three = (scores(*rows, **asked, look_back=n * DAY) for n in (2, 3))
    assert [row[:2] for row in two] == [("01 00:00", 1.0), ("02 00:00", 1.0), ("03 00:00", 1.0)]
    assert [row[:2] for row in three] == [
        ("28 00:00", 1.0),
        ("01 00:00", 1.0),
        ("02 00:00", 2.0),
    ]


def test_days_are_evidence_of_any_statistic() -> None:
    found = classifier_score(
        events(("01 10:00", 0.9), ("02 10:00", 0.9), ("02 10:30", 0.8)),
        entity="who",
        probability="p",
        cut=0.5,
        look_back=DAY,
    )
    told = found.sort("window_end").select("score", "days", "highest").collect().rows()
    assert told == [(1.0, 1, 0.9), (2.0, 1, 0.9)]


def test_a_bucket_is_half_open() -> None:
    rows = scores(("10:00", 0.9), ("10:59:59.999999", 0.9), ("11:00", 0.9))
    assert [row[:2] for row in rows] == [("02 10:00", 2.0), ("02 11:00", 1.0)]


def test_under_the_minimum_there_is_no_score() -> None:
    assert scores(*FOUR, minimum=4) == [("02 10:00", None, 4, 3, 2, "e0")]
    for statistic in ("hits", "share", "top", "noisy_or"):
        unscored = scores(("10:01", None), ("10:02", float("nan")), statistic=statistic)
        assert unscored == [("02 10:00", None, 2, 0, 0, None)]


def test_what_is_no_probability_is_not_scored() -> None:
    rows = scores(("10:01", 1.5), ("10:02", -0.1), ("10:03", float("inf")), ("10:04", 1.0))
    assert rows == [("02 10:00", 1.0, 4, 1, 1, "e3")]


def test_rows_without_entity_or_time_are_left_out() -> None:
    for column in ("who", "occurred_at"):
        nobody = events(("10:01", 0.9)).with_columns(pl.lit(None, SCHEMA[column]).alias(column))
        rows = classifier_score(nobody, entity="who", probability="p", cut=0.5).collect()
        assert (rows.height, rows.schema["score"]) == (0, pl.Float64)


MANY = [(f"{10 + i % 3}:{i:02}", p) for i, p in enumerate([0.7, 0.9, None, 0.51, 0.3, 0.7, 0.99])]


@given(rows=st.permutations(MANY), statistic=st.sampled_from(["top", "noisy_or", "share"]))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_changes_no_digit(rows: list[Row], statistic: str) -> None:
    told = [row[:5] for row in scores(*rows, statistic=statistic)]
    assert told == [row[:5] for row in scores(*MANY, statistic=statistic)]


@given(late=st.lists(st.sampled_from(MANY), max_size=5))
@settings(max_examples=25, deadline=None)
def test_later_rows_change_no_earlier_score(late: list[Row]) -> None:
    asked = {"statistic": "days", "look_back": 3 * DAY}
    later = [(f"03 {clock}", p) for clock, p in late]
    before = scores(*MANY, **asked)
    assert scores(*MANY, *later, **asked)[: len(before)] == before


def test_contradictions_are_refused() -> None:
    with pytest.raises(MonitorError, match="'statistic' is 'mean'"):
        scores(statistic="mean")
    with pytest.raises(MonitorError, match="'cut' is 50"):
        scores(cut=50)
    with pytest.raises(MonitorError, match="needs a 'look_back'"):
        scores(statistic="days")
    with pytest.raises(MonitorError, match="a multiple of the grid"):
        scores(look_back=timedelta(minutes=90))
    with pytest.raises(MonitorError, match="divides a day"):
        scores(grid=2 * DAY, look_back=4 * DAY)
