from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.operations import (
    backlog,
    capacity,
    erlang_c,
    forecast,
    littles_law,
    oldest_open,
    psi,
    sla,
    staff,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TIME = pl.Datetime("us", "UTC")


def items(rows: list[tuple[datetime | None, ...]], *columns: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, TIME), orient="row")


def due(*rows: tuple[float, float, float | None]) -> pl.DataFrame:
    """Hours after noon of creation, deadline and first action."""
    hours = [tuple(None if n is None else NOON + n * HOUR for n in row) for row in rows]
    return items(hours, "created_at", "due_at", "first_action_at")


def test_the_worked_indices_of_stability() -> None:
    quartiles = pl.Series([25, 25, 25, 25])
    assert psi(quartiles, pl.Series([40, 30, 20, 10])) == pytest.approx(0.2282, abs=0.00005)
    assert psi(pl.Series([50, 50]), pl.Series([60, 40])) == pytest.approx(0.0405, abs=0.00005)
    assert psi(quartiles, pl.Series([7, 7, 7, 7])) == 0
    # (0.5 - 0.0001) ln(0.5 / 0.0001) for the empty bin, 0.5 ln 2 for the other
    empty = psi(pl.Series([50, 50]), pl.Series([100, 0]))
    assert empty == pytest.approx(0.4999 * np.log(5_000) + 0.5 * np.log(2))


def test_bins_that_cannot_be_are_refused() -> None:
    with pytest.raises(MeasurementError, match="2 and 3 bins"):
        psi(pl.Series([1, 2]), pl.Series([1, 2, 3]))
    for bad in ([0, 0], [-1, 2], [None, 2]):
        with pytest.raises(MeasurementError, match="wanted counts"):
            psi(pl.Series([1, 2]), pl.Series(bad))


def test_open_and_overdue_items_count_as_breached_in_the_cohort_of_their_deadline() -> None:
    found = sla(
        due(
            (0, 4, 1),  # kept
            (0, 4, 5),  # late
            (0, 5, None),  # open and overdue
            (0, 6, 30),  # acted on, but not yet
            (0, 40, None),  # due tomorrow
            (-24, -20, -23),  # yesterday
        ),
        now=NOON + 10 * HOUR,
    )
    assert found.select("due", "n", "breached", "open_overdue", "breach").rows() == [
        (datetime(2026, 11, 21, tzinfo=UTC), 1, 0, 0, 0.0),
        (datetime(2026, 11, 22, tzinfo=UTC), 4, 3, 2, 0.75),
    ]
    assert found["upper"][0] == pytest.approx(0.975)  # one item says little
    assert found["p50"].to_list() == [HOUR, 5 * HOUR]
    assert found["p90"].to_list() == [HOUR, None]


def test_an_item_that_waits_since_a_short_time_does_not_hide_longer_waits() -> None:
    # After 1 h 2 of 3 are left, one of them seen for 2 h only: Kaplan-Meier says 0 after 8 h.
    found = sla(due((0, 9, 1), (0, 9, 8), (7, 8, None)), now=NOON + 9 * HOUR)
    assert found.select("p50", "p90").row(0) == (8 * HOUR, 8 * HOUR)


def test_the_oldest_open_item_is_the_first_that_came() -> None:
    open_ = due((0, 4, None), (5, 9, None), (-9, 0, 1))
    assert oldest_open(open_, now=NOON + 6 * HOUR) == 6 * HOUR
    assert (
        oldest_open(open_.filter(pl.col("first_action_at").is_not_null()), now=NOON + 6 * HOUR)
        is None
    )


def test_items_in_the_system_are_arrivals_times_their_stay() -> None:
    # One an hour for 100 hours, each stays for three.
    rows = [(NOON + n * HOUR, NOON + (n + 3) * HOUR) for n in range(-10, 110)]
    found = littles_law(items(rows, "created_at", "closed_at"), start=NOON, end=NOON + 100 * HOUR)
    assert (found.n, found.per_hour, found.in_system, found.wait) == (100, 1.0, 3.0, 3.0)
    assert found.stable


def test_a_queue_that_only_grows_is_not_stable() -> None:
    rows = [(NOON + n * HOUR, None) for n in range(50)]
    found = littles_law(items(rows, "created_at", "closed_at"), start=NOON, end=NOON + 50 * HOUR)
    assert not found.stable
    assert found.in_system == pytest.approx(25.5)
    none = littles_law(items([], "created_at", "closed_at"), start=NOON, end=NOON + HOUR)
    assert (none.n, none.in_system, none.wait) == (0, 0.0, None)


def test_flows_that_cannot_be_are_refused() -> None:
    back = items([(NOON, NOON - HOUR)], "created_at", "closed_at")
    with pytest.raises(MeasurementError, match="closed before it came"):
        littles_law(back, start=NOON, end=NOON + HOUR)
    with pytest.raises(MeasurementError, match="wanted an end after the start"):
        littles_law(back, start=NOON, end=NOON)


def test_the_backlog_grows_by_what_is_not_done_and_is_never_less_than_none() -> None:
    periods = pl.DataFrame({"arrivals": [10, 10, 0, 40], "capacity": [15.0, 4.0, 20.0, 30.0]})
    found = backlog(periods, start=8)
    assert found["backlog"].to_list() == [3, 9, 0, 10]
    assert found["done"].to_list() == [15, 4, 9, 30]


@given(
    rows=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=30),
    start=st.integers(0, 1_000),
)
def test_nothing_is_lost_between_arrivals_and_done(rows: list[tuple[int, int]], start: int) -> None:
    schema = {"arrivals": pl.Int64, "capacity": pl.Int64}
    found = backlog(pl.DataFrame(rows, schema=schema, orient="row"), start=start)
    left = float(start)
    for arrivals, can, after, done in found.iter_rows():
        assert after == max(0, left + arrivals - can)
        assert done == left + arrivals - after
        assert 0 <= done <= can
        left = after


def test_capacity_is_hours_at_work_over_the_time_of_one() -> None:
    found = capacity(10, 8, shrinkage=0.3, occupancy=0.85, handling=6 * MINUTE)
    assert found == pytest.approx(476)
    with pytest.raises(MeasurementError, match="shrinkage 1,"):
        capacity(10, 8, shrinkage=1, occupancy=0.85, handling=MINUTE)


def test_the_worked_staffing() -> None:
    found = staff(
        200, 3 * MINUTE, within=timedelta(seconds=20), level=0.8, occupancy=0.85, shrinkage=0.3
    )
    assert (found.agents, found.scheduled) == (14, 20)
    assert found.service_level == pytest.approx(0.8884, abs=0.00005)
    assert found.wait_probability == pytest.approx(0.1741, abs=0.00005)


def test_with_a_long_deadline_the_occupancy_decides() -> None:
    thirteen = erlang_c(120, 6 * MINUTE, 13, 30 * MINUTE)
    assert thirteen.service_level == pytest.approx(0.995, abs=0.0005)
    assert staff(120, 6 * MINUTE, within=30 * MINUTE, level=0.95).agents == 15


def test_too_few_agents_serve_nobody_in_time() -> None:
    found = erlang_c(120, 6 * MINUTE, 12, 30 * MINUTE)
    assert (found.wait_probability, found.service_level) == (1.0, 0.0)
    with pytest.raises(MeasurementError, match="0 agents"):
        erlang_c(120, 6 * MINUTE, 0, 30 * MINUTE)
    with pytest.raises(MeasurementError, match="level 1,"):
        staff(120, 6 * MINUTE, within=30 * MINUTE, level=1)


def days(values: list[float | None]) -> pl.DataFrame:
    first = date(2026, 1, 5)
    return pl.DataFrame(
        {"day": [first + timedelta(days=n) for n in range(len(values))], "value": values}
    )


def test_a_forecast_is_the_same_weekday_a_week_before() -> None:
    week = [10.0, 20, 30, 40, 50, 5, 1]
    found = forecast(days([*week, *(each + 1 for each in week)]), days=8)
    assert found["day"].to_list()[0] == date(2026, 1, 19)
    assert found["forecast"].to_list() == [11, 21, 31, 41, 51, 6, 2, 11]
    assert found["n"].to_list() == [7] * 7 + [0]
    assert found["q0.5"].to_list() == [12, 22, 32, 42, 52, 7, 3, None]
    assert found["q0.1"].to_list() == [None] * 8  # of 7 errors none is that low


def test_a_day_without_a_value_is_unknown() -> None:
    history = days([*range(14)]).filter(pl.col("day") != date(2026, 1, 12))
    found = forecast(history, days=2)
    assert found["forecast"].to_list() == [None, 8.0]
    assert found["n"].to_list() == [6, 6]
    with pytest.raises(MeasurementError, match="each once"):
        forecast(pl.concat([history, history.head(1)]), days=1)
    with pytest.raises(MeasurementError, match="quantiles"):
        forecast(history, days=1, quantiles=(0.0,))


def test_95_percent_of_2000_next_days_lie_between_their_quantiles() -> None:
    rng = np.random.default_rng(6)
    week = np.tile([100.0, 110, 120, 110, 100, 40, 30], 30)[:197]
    inside = 0
    for _ in range(2_000):
        values = week + rng.normal(0, 8, 197)
        low, high = (
            forecast(days(values[:-1].tolist()), days=1, quantiles=(0.025, 0.975))
            .select("q0.025", "q0.975")
            .row(0)
        )
        inside += low <= values[-1] <= high
    assert 0.93 <= inside / 2_000 <= 0.97
