from datetime import UTC, date, datetime, time

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.oncall.errors import RotaError
from orchestration.oncall.hours import (
    Hours,
    business_due,
    business_open,
    next_open,
    severity_due,
)
from tests.orchestration.oncall.builders import (
    APIA,
    LONDON,
    LOS_ANGELES,
    MINUTE,
    OFFICE_DAYS,
    UNHURRIED,
    ZONES,
    nine_to_five,
    utc,
)

WEST = nine_to_five(LOS_ANGELES)
CHRISTMAS = nine_to_five(LONDON, date(2026, 12, 25), date(2026, 12, 28))
NIGHT = Hours("night", LONDON, time(22), time(6), OFFICE_DAYS)
ALWAYS = Hours("always", LOS_ANGELES, time(), time(), frozenset(range(7)))


@pytest.mark.parametrize(
    ("hours", "start", "minutes", "due"),
    [
        # Friday 16:30 in Los Angeles, an hour of business: clocks go forward on that Sunday ...
        (WEST, datetime(2026, 3, 6, 16, 30, tzinfo=LOS_ANGELES), 60, "2026-03-09T16:30"),
        # ... and not on the Sunday of the week before.
        (WEST, datetime(2026, 2, 27, 16, 30, tzinfo=LOS_ANGELES), 60, "2026-03-02T17:30"),
        # Thursday 16:00 in London, 25 and 28 December off.
        (CHRISTMAS, datetime(2026, 12, 24, 16, tzinfo=LONDON), 240, "2026-12-29T12:00"),
        # The end of a day's business is that day's, not the next one's.
        (WEST, datetime(2026, 2, 27, 16, tzinfo=LOS_ANGELES), 60, "2026-02-28T01:00"),
        (WEST, datetime(2026, 2, 28, 12, tzinfo=LOS_ANGELES), 1, "2026-03-02T17:01"),
        (WEST, datetime(2026, 2, 28, 12, tzinfo=LOS_ANGELES), 0, "2026-02-28T20:00"),
        # Midnight to midnight on 8 March, which lasts 23 hours, ends where that day ends.
        (ALWAYS, datetime(2026, 3, 8, tzinfo=LOS_ANGELES), 23 * 60, "2026-03-09T07:00"),
        # Friday's night ends on Saturday; the next begins on Monday.
        (NIGHT, datetime(2026, 2, 28, 5, tzinfo=LONDON), 120, "2026-03-02T23:00"),
    ],
)
def test_business_minutes_run_out(hours: Hours, start: datetime, minutes: int, due: str) -> None:
    assert business_due(hours, start, minutes) == utc(due)


@pytest.mark.parametrize(
    ("severity", "due"),
    [
        (Severity.S0, "2026-03-07T01:30"),
        (Severity.S1, "2026-03-07T01:30"),
        (Severity.S2, "2026-03-09T16:30"),
        (Severity.S3, "2026-03-09T16:30"),
    ],
)
def test_the_clocks_of_s0_and_s1_run_round_the_clock(severity: Severity, due: str) -> None:
    start = datetime(2026, 3, 6, 16, 30, tzinfo=LOS_ANGELES)
    assert severity_due(severity, WEST, start, 60) == utc(due)


@pytest.mark.parametrize(
    ("hours", "at", "opens"),
    [
        (WEST, "2026-03-06T16:59", "2026-03-06T17:00"),
        (WEST, "2026-03-06T17:00", "2026-03-06T17:00"),
        (WEST, "2026-03-07T00:59", "2026-03-07T00:59"),
        (WEST, "2026-03-07T01:00", "2026-03-09T16:00"),
        (CHRISTMAS, "2026-12-25T12:00", "2026-12-29T09:00"),
        (NIGHT, "2026-02-28T05:59", "2026-02-28T05:59"),
        (NIGHT, "2026-02-28T23:00", "2026-03-02T22:00"),
        (ALWAYS, "2026-03-08T10:00", "2026-03-08T10:00"),
    ],
)
def test_hours_are_open_from_their_open_until_their_close(
    hours: Hours, at: str, opens: str
) -> None:
    assert next_open(hours, utc(at)) == utc(opens)
    assert business_open(hours, utc(at)) == (at == opens)


def test_an_opening_that_the_clocks_leave_out_is_left_out() -> None:
    short = Hours("short", LOS_ANGELES, time(2, 15), time(2, 45), frozenset({6}))
    assert next_open(short, utc("2026-03-08T00:00")) == utc("2026-03-15T09:15")


def test_a_day_that_the_calendar_leaves_out_counts_once() -> None:
    start = datetime(2011, 12, 29, 16, tzinfo=APIA)
    all_week = Hours("all", APIA, time(9), time(17), frozenset(range(7)))
    assert business_due(all_week, start, 120) == datetime(2011, 12, 31, 10, tzinfo=APIA)


HOURS = st.builds(
    Hours,
    st.just("any"),
    st.sampled_from(ZONES),
    st.sampled_from((time(), time(1, 30), time(2, 30), time(9), time(22))),
    st.sampled_from((time(1), time(2, 45), time(6), time(17), time(23, 59))),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.frozensets(st.dates(date(2026, 2, 20), date(2026, 4, 10)), max_size=5),
)
NEAR_A_CHANGE = st.sampled_from(
    [utc(f"2026-{text}T00:00") for text in ("03-06", "03-28", "04-04", "09-26", "10-03", "10-31")]
)
AT = st.builds(lambda day, far: day + far * MINUTE, NEAR_A_CHANGE, st.integers(0, 4 * 1440))


@UNHURRIED
@given(HOURS, AT, st.integers(0, 5 * 1440), st.integers(0, 3000))
def test_who_starts_later_is_never_due_earlier(
    hours: Hours, start: datetime, later: int, minutes: int
) -> None:
    due = business_due(hours, start, minutes)
    assert start <= due <= business_due(hours, start + later * MINUTE, minutes)


@UNHURRIED
@given(HOURS, AT, st.integers(1, 1000))
def test_exactly_so_many_open_minutes_lie_before_the_due_time(
    hours: Hours, start: datetime, minutes: int
) -> None:
    due = business_due(hours, start, minutes)
    passed = (due - start) // MINUTE
    if passed <= 1440:  # longer ones only take longer to count
        counted = sum(business_open(hours, start + at * MINUTE) for at in range(passed))
        assert counted == minutes


@UNHURRIED
@given(HOURS, AT)
def test_hours_are_open_when_they_open_and_not_before(hours: Hours, at: datetime) -> None:
    opens = next_open(hours, at)
    assert business_open(hours, opens)
    assert business_open(hours, at) == (opens == at)
    assert at >= opens or not business_open(hours, at + (opens - at) / 2)


@UNHURRIED
@given(AT)
def test_open_hours_are_those_of_the_wall(at: datetime) -> None:
    shown = at.astimezone(LOS_ANGELES)
    assert business_open(WEST, at) == (shown.weekday() < 5 and 9 <= shown.hour < 17)


def test_results_are_in_utc() -> None:
    start = datetime(2026, 3, 6, 10, tzinfo=LOS_ANGELES)
    found = (next_open(WEST, start), business_due(WEST, start, 0), business_due(WEST, start, 9))
    assert [at.tzinfo for at in found] == [UTC, UTC, UTC]


def test_hours_that_never_open_are_refused() -> None:
    with pytest.raises(RotaError, match="have no weekday; write at least one"):
        Hours("none", LONDON, time(9), time(17), frozenset())
    with pytest.raises(RotaError, match="open and close at 09:00; write two times"):
        Hours("none", LONDON, time(9), time(9), OFFICE_DAYS)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(RotaError, match="-1 minutes cannot pass; wanted 0 or more"):
        business_due(WEST, utc("2026-03-06T17:00"), -1)
