from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from monitors.detectors.aggregate import aggregate
from monitors.errors import MonitorError

SCHEMA = {"account_id": pl.String, "occurred_at": pl.Datetime("us", "UTC"), "amount": pl.Float64}
Event = tuple[str | None, datetime | None, float | None]


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}").replace(tzinfo=UTC)


def table(*rows: Event) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=SCHEMA, orient="row")


def scored(events: pl.LazyFrame, statistic: str | float = "mean", minimum: int = 1) -> pl.DataFrame:
    found = aggregate(
        events,
        entity="account_id",
        value="amount",
        statistic=statistic,  # type: ignore[arg-type]
        minimum=minimum,
    )
    return found.collect().sort("account_id", "window_end")


def score_of(statistic: str | float, *amounts: float | None, minimum: int = 1) -> float | None:
    rows = [("a", at("10:00") + timedelta(seconds=i), x) for i, x in enumerate(amounts)]
    score: float | None = scored(table(*rows), statistic, minimum)["score"].item()
    return score


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("mean", 4.0),
        ("sum", 16.0),
        ("min", 1.0),
        ("max", 9.0),
        ("median", 3.0),
        ("std", (38 / 3) ** 0.5),
        (0.0, 1.0),
        (0.25, 1.75),
        (1.0, 9.0),
    ],
)
def test_gives_the_statistic(statistic: str | float, expected: float) -> None:
    assert score_of(statistic, 9.0, 1.0, 4.0, 2.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("name", "expected"), [("p90", 90.0), ("p95", 95.0), ("p99", 99.0)])
def test_gives_percentiles_by_name(name: str, expected: float) -> None:
    assert score_of(name, *map(float, range(101))) == pytest.approx(expected)


def test_a_bucket_is_half_open_and_tells_its_extremes() -> None:
    events = table(
        ("a", at("10:00"), 2.0), ("a", at("10:59:59.999999"), 4.0), ("a", at("11:00"), 7.0)
    )
    rows = scored(events).select(
        "score", pl.col("window_start", "window_end").dt.hour(), "events", "lowest", "highest"
    )
    assert rows.rows() == [(3.0, 10, 11, 2, 2.0, 4.0), (7.0, 11, 12, 1, 7.0, 7.0)]


def test_under_the_minimum_there_is_no_score() -> None:
    assert score_of("sum", 5.0, 6.0, minimum=3) is None
    assert score_of("sum", 5.0, 6.0, minimum=2) == 11.0


def test_values_that_are_no_numbers_do_not_count() -> None:
    assert score_of("sum", 5.0, None, float("nan"), float("inf"), minimum=2) is None
    assert score_of("sum", 5.0, None, float("nan"), float("inf")) == 5.0


def test_only_missing_values_have_no_score() -> None:
    row = scored(table(("a", at("10:00"), None)), "sum").select("score", "events", "lowest")
    assert row.rows() == [(None, 0, None)]


def test_one_value_has_no_standard_deviation() -> None:
    assert score_of("std", 5.0) is None


def test_an_event_sent_twice_counts_twice() -> None:
    assert score_of("sum", 5.0, 5.0) == 10.0


def test_rows_without_entity_or_time_are_left_out() -> None:
    assert scored(table((None, at("10:00"), 1.0), ("a", None, 1.0))).is_empty()


def test_no_events_are_no_rows_of_the_same_schema() -> None:
    empty, one = scored(table()), scored(table(("a", at("10:00"), 1.0)))
    assert empty.is_empty()
    assert empty.schema == one.schema
    assert empty.schema["score"] == pl.Float64


def test_whole_numbers_are_averaged_too() -> None:
    events = table(("a", at("10:00"), 1.0), ("a", at("10:01"), 2.0))
    whole = events.with_columns(pl.col("amount").cast(pl.Int32))
    assert scored(whole)["score"].item() == 1.5


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 180), st.floats(-1e6, 1e6)),
        max_size=30,
    ),
    st.sampled_from(["mean", "sum", "std", "p90", "max"]),
    st.randoms(use_true_random=False),
)
def test_order_and_later_rows_change_no_bucket_before(
    rows: list[tuple[str, int, float]], statistic: str, random: object
) -> None:
    events = [(who, at("10:00") + timedelta(minutes=m), x) for who, m, x in rows]
    whole = scored(table(*events), statistic)
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert_frame_equal(scored(table(*shuffled), statistic), whole, rel_tol=1e-9, abs_tol=1e-6)
    early = scored(table(*[row for row in events if row[1] < at("11:00")]), statistic)
    kept = whole.filter(pl.col("window_end") <= at("11:00"))
    assert_frame_equal(early, kept, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("statistic", ["p42", "average", 1.5, -0.1, float("nan")])
def test_an_unknown_statistic_is_refused(statistic: str | float) -> None:
    with pytest.raises(MonitorError, match="'statistic' is"):
        score_of(statistic, 1.0)
