from datetime import datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from orchestration.oncall.errors import RotaError
from orchestration.oncall.walls import Span
from orchestration.triage.errors import TriageError
from orchestration.triage.forecast import Capacity, Forecast, History, forecast
from tests.orchestration.triage.builders import (
    DAY,
    HOUR,
    LONDON,
    LOS_ANGELES,
    MINUTE,
    UNHURRIED,
    utc,
)

START = utc("2026-03-02T09:00")
SHIFT = Span(START, START + 8 * HOUR)
WEEK = 7 * DAY
CALM = Capacity(1, 1.0, 60)  # one case an hour


def history(*weekly: int, start: datetime = START) -> History:
    """So many arrivals in the shift's first hour of each week before it, the newest first."""
    arrivals = [
        start - (ago + 1) * WEEK + number * MINUTE
        for ago, count in enumerate(weekly)
        for number in range(count)
    ]
    return History(arrivals, start - len(weekly) * WEEK, LONDON)


def in_an_hour(at: datetime) -> datetime:
    return at + HOUR


def foreseen(
    dues: list[datetime], past: History, capacity: Capacity = CALM, due_after: timedelta = DAY
) -> Forecast:
    return forecast(dues, past, capacity, SHIFT, due_of=lambda at: at + due_after, now=START)


def test_open_cases_that_cannot_be_done_by_their_time_breach() -> None:
    quiet = history(*[0] * 10)
    dues = [START + 2 * HOUR] * 5  # two of them can be done by then
    found = foreseen(dues, quiet)
    assert found.expected == pytest.approx(3, abs=0.05)
    assert (found.low, found.high) == (found.expected, found.expected)
    assert (found.basis, found.n_weeks) == ("seasonal_naive", 10)


def test_with_enough_hands_nothing_breaches() -> None:
    dues = [START + 2 * HOUR] * 5
    assert foreseen(dues, history(*[0] * 10), Capacity(5, 0.5, 60)).expected == 0


def test_with_nobody_there_all_that_is_due_in_the_shift_breaches() -> None:
    dues = [START, START + HOUR, SHIFT.end - MINUTE, SHIFT.end, SHIFT.end + HOUR]
    assert foreseen(dues, history(*[0] * 10), Capacity(0, 1, 60)).expected == 3


def test_what_is_overdue_is_done_first_and_breaches_no_second_time() -> None:
    dues = [START - HOUR, START - HOUR, START + 2 * HOUR]
    assert foreseen(dues[2:], history(*[0] * 10)).expected == 0
    assert foreseen(dues, history(*[0] * 10)).expected == pytest.approx(1, abs=0.05)


def test_inflow_is_that_of_a_week_before_and_its_interval_that_of_its_errors() -> None:
    # Totals by week, newest first; the nine errors go from -4 to 5.
    past = history(6, 5, 7, 3, 4, 8, 4, 5, 0, 2)
    found = foreseen([], past, Capacity(0, 1, 60), due_after=HOUR)
    assert (found.low, found.expected, found.high) == pytest.approx((2, 6, 11))
    assert found.n_weeks == 10


def test_errors_to_one_side_only_widen_the_interval() -> None:
    falling, nobody = history(*range(1, 11)), Capacity(0, 1, 60)
    found = foreseen([], falling, nobody, due_after=HOUR)
    assert (found.low, found.expected, found.high) == pytest.approx((0, 1, 1))


def test_what_breaches_in_the_shift_still_takes_time_once() -> None:
    quiet = history(*[0] * 10)
    after_three = [START + HOUR] * 3 + [START + 2 * HOUR]
    assert foreseen(after_three, quiet).expected == pytest.approx(3, abs=0.05)
    after_one = [START, START + 2 * HOUR]
    assert foreseen(after_one, quiet).expected == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("weeks", [0, 1, 9])
def test_too_little_history_gives_no_number(weeks: int) -> None:
    assert foreseen([START], history(*[5] * weeks)) == Forecast(
        None, None, None, "insufficient", weeks
    )


def test_hours_of_the_week_are_those_of_the_walls() -> None:
    # 09:00 in Los Angeles is 17:00 UTC before clocks go forward, and 16:00 after.
    shift = Span(utc("2026-03-09T16:00"), utc("2026-03-09T17:00"))
    before = utc("2026-03-02T17:00")
    arrivals = [before - ago * WEEK for ago in range(10)]
    past = History(arrivals, arrivals[-1], LOS_ANGELES)
    nobody = Capacity(0, 1, 60)
    found = forecast([], past, nobody, shift, due_of=lambda at: at, now=shift.start)
    assert found.expected == pytest.approx(1, abs=0.02)
    elsewhere = History(arrivals, arrivals[-1] - HOUR, LONDON)
    found = forecast([], elsewhere, nobody, shift, due_of=lambda at: at, now=shift.start)
    assert found.expected == 0


def test_a_week_that_is_not_over_does_not_count() -> None:
    past = history(*[1] * 11)
    early = START - WEEK + 8 * HOUR - MINUTE
    found = forecast([], past, CALM, SHIFT, due_of=in_an_hour, now=early)
    assert found.n_weeks == 10


WEEKS = st.lists(st.integers(0, 12), min_size=10, max_size=14)
DUES = st.lists(st.integers(-120, 600).map(lambda far: START + far * MINUTE), max_size=12)
HANDS = st.builds(Capacity, st.integers(0, 3), st.floats(0.1, 1), st.floats(5, 90))


@UNHURRIED
@given(DUES, WEEKS, HANDS)
def test_the_expected_value_lies_in_its_interval(
    dues: list[datetime], weekly: list[int], capacity: Capacity
) -> None:
    found = foreseen(dues, history(*weekly), capacity, due_after=2 * HOUR)
    assert found.expected is not None
    assert found.low is not None
    assert found.high is not None
    assert -1e-6 <= found.low <= found.expected + 1e-6 <= found.high + 2e-6


@UNHURRIED
@given(DUES, WEEKS, HANDS)
def test_more_hands_never_breach_more(
    dues: list[datetime], weekly: list[int], capacity: Capacity
) -> None:
    more = Capacity(capacity.reviewers + 1, capacity.productive_share, capacity.handling_minutes)
    few, many = (
        foreseen(dues, history(*weekly), hands, due_after=2 * HOUR).expected
        for hands in (capacity, more)
    )
    assert few is not None
    assert many is not None
    assert many <= few + 1e-6


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(TriageError, match="wanted an end after"):
        forecast([], history(), CALM, Span(SHIFT.end, SHIFT.start), due_of=in_an_hour, now=START)
    with pytest.raises(TriageError, match="wanted 0 or more, 0 to 1, more than 0"):
        Capacity(1, 1.5, 10)
    naive = Span(datetime(2026, 3, 2), datetime(2026, 3, 3))  # noqa: DTZ001 - the mistake
    with pytest.raises(RotaError, match="without a zone"):
        forecast([], history(), CALM, naive, due_of=in_an_hour, now=START)
