from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.oncall.errors import RotaError
from orchestration.oncall.hours import Hours, severity_due
from orchestration.triage.clock import (
    Clock,
    Goal,
    Goals,
    Pause,
    Sla,
    as_of,
    breached,
    due,
    remaining,
    share_used,
)
from orchestration.triage.errors import TriageError
from tests.orchestration.triage.builders import (
    DAY,
    HOUR,
    LONDON,
    LOS_ANGELES,
    MINUTE,
    UNHURRIED,
    sla,
    utc,
)

WEST = sla(LOS_ANGELES, 60)
CHRISTMAS = sla(LONDON, 240, date(2026, 12, 25), date(2026, 12, 28))
FRIDAY = datetime(2026, 2, 27, 16, 30, tzinfo=LOS_ANGELES)  # 00:30 UTC on Saturday


@pytest.mark.parametrize(
    ("promised", "started", "at"),
    [
        # Clocks go forward on Sunday 8 March in Los Angeles ...
        (WEST, datetime(2026, 3, 6, 16, 30, tzinfo=LOS_ANGELES), "2026-03-09T16:30"),
        # ... and not on the Sunday of the week before ...
        (WEST, datetime(2026, 2, 27, 16, 30, tzinfo=LOS_ANGELES), "2026-03-02T17:30"),
        # ... and back on Sunday 1 November: 09:30 there is an hour later again.
        (WEST, datetime(2026, 10, 30, 16, 30, tzinfo=LOS_ANGELES), "2026-11-02T17:30"),
        (WEST, datetime(2026, 10, 23, 16, 30, tzinfo=LOS_ANGELES), "2026-10-26T16:30"),
        (CHRISTMAS, datetime(2026, 12, 24, 16, tzinfo=LONDON), "2026-12-29T12:00"),
    ],
)
def test_clocks_of_s2_run_out_as_the_oracles_say(promised: Sla, started: datetime, at: str) -> None:
    assert due(promised, Severity.S2, started, ()) == utc(at)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)])
def test_days_when_clocks_change_last_23_and_25_hours(day: str, hours: int) -> None:
    always = Hours("always", LOS_ANGELES, time(), time(), frozenset(range(7)))
    promised = Sla("always", always, (Goals(1, hours * 60),) * 4)
    midnight = datetime.fromisoformat(day).replace(tzinfo=LOS_ANGELES)
    next_day = (datetime.fromisoformat(day) + DAY).replace(tzinfo=LOS_ANGELES)
    assert due(promised, Severity.S3, midnight, ()) == next_day.astimezone(UTC)


@pytest.mark.parametrize(
    ("severity", "at"),
    [
        (Severity.S0, "2026-02-28T01:30"),
        (Severity.S1, "2026-02-28T01:30"),
        (Severity.S2, "2026-03-02T17:30"),
        (Severity.S3, "2026-03-02T17:30"),
    ],
)
def test_s0_and_s1_count_all_minutes(severity: Severity, at: str) -> None:
    assert due(WEST, severity, FRIDAY, ()) == utc(at)


def test_the_first_action_is_due_before_the_end() -> None:
    assert due(WEST, Severity.S2, FRIDAY, (), Goal.FIRST_ACTION) == utc("2026-02-28T01:00")


MONDAY_NINE, MONDAY_TEN = utc("2026-03-02T17:00"), utc("2026-03-02T18:00")


@pytest.mark.parametrize(
    ("severity", "pauses", "at"),
    [
        # Twenty minutes of business paused on Friday move it by twenty minutes.
        (Severity.S2, [("2026-02-28T00:40", "2026-02-28T01:00")], "2026-03-02T17:50"),
        # Of a pause over the weekend, the ten minutes on Friday and the fifteen on Monday.
        (Severity.S2, [("2026-02-28T00:50", "2026-03-02T17:15")], "2026-03-02T17:55"),
        # Nobody works at the weekend anyway.
        (Severity.S2, [("2026-02-28T02:00", "2026-03-01T02:00")], "2026-03-02T17:30"),
        # What overlaps is paused once, in whatever order it is told.
        (
            Severity.S2,
            [("2026-02-28T00:45", "2026-02-28T01:00"), ("2026-02-28T00:40", "2026-02-28T00:50")],
            "2026-03-02T17:50",
        ),
        # Before the start, and after the end, a pause is none.
        (Severity.S2, [("2026-02-27T18:00", "2026-02-28T00:30")], "2026-03-02T17:30"),
        (Severity.S2, [("2026-03-02T17:30", "2026-03-02T20:00")], "2026-03-02T17:30"),
        # One that goes on counts nothing yet.
        (Severity.S2, [("2026-02-28T00:40", None)], "2026-03-02T17:30"),
        # S0 and S1 are moved by all minutes.
        (Severity.S1, [("2026-02-28T00:40", "2026-03-01T00:40")], "2026-03-01T01:30"),
    ],
)
def test_a_pause_moves_the_end_by_what_would_have_run(
    severity: Severity, pauses: list[tuple[str, str | None]], at: str
) -> None:
    stopped = [(utc(start), utc(end) if end else None) for start, end in pauses]
    assert due(WEST, severity, FRIDAY, stopped) == utc(at)


def test_where_the_policy_lets_nothing_pause_pauses_change_nothing() -> None:
    strict = sla(LOS_ANGELES, 60, pauses=False)
    stopped = ((utc("2026-02-28T00:40"), utc("2026-03-04T00:40")),)
    assert due(strict, Severity.S2, FRIDAY, stopped) == utc("2026-03-02T17:30")


def test_a_clock_breaches_at_the_moment_it_is_due() -> None:
    clock = Clock(FRIDAY)
    at = utc("2026-03-02T17:30")
    assert not breached(WEST, Severity.S2, clock, at - MINUTE)
    assert breached(WEST, Severity.S2, clock, at)
    assert remaining(WEST, Severity.S2, clock, at - HOUR) == HOUR
    assert remaining(WEST, Severity.S2, clock, at + DAY) == -DAY


def test_a_paused_clock_does_not_breach_and_waits_with_what_was_left() -> None:
    clock = Clock(FRIDAY, ((utc("2026-02-28T00:40"), None),))  # 50 minutes left
    late = utc("2026-03-04T17:00")
    assert not breached(WEST, Severity.S2, clock, late)
    assert remaining(WEST, Severity.S2, clock, late) == 50 * MINUTE
    assert share_used(WEST, Severity.S2, clock, late) == pytest.approx(10 / 60)
    assert as_of(clock, late).pauses == ((utc("2026-02-28T00:40"), late),)


@pytest.mark.parametrize(
    ("now", "share"),
    [
        ("2026-02-27T00:00", 0.0),
        ("2026-02-28T00:30", 0.0),
        ("2026-02-28T00:45", 0.25),
        ("2026-02-28T12:00", 0.5),
        ("2026-03-02T17:30", 1.0),
        ("2026-03-02T18:00", 1.5),
    ],
)
def test_the_share_used_counts_what_has_run(now: str, share: float) -> None:
    assert share_used(WEST, Severity.S2, Clock(FRIDAY), utc(now)) == share


ZONES = st.sampled_from((LOS_ANGELES, LONDON))
MINUTES = st.integers(1, 2000)
SEVERITIES = st.sampled_from(Severity)
NEAR_A_CHANGE = st.sampled_from([utc(f"2026-{day}T00:00") for day in ("03-06", "03-27", "10-30")])
AT = st.builds(lambda day, far: day + far * MINUTE, NEAR_A_CHANGE, st.integers(0, 5 * 1440))


@st.composite
def pauses(draw: st.DrawFn) -> tuple[Pause, ...]:
    """Up to four that have ended."""
    starts = draw(st.lists(AT, max_size=4))
    return tuple((start, start + draw(st.integers(0, 3000)) * MINUTE) for start in starts)


@UNHURRIED
@given(ZONES, MINUTES, SEVERITIES, AT)
def test_without_pauses_it_is_the_on_calls_own_clock(
    zone: ZoneInfo, minutes: int, severity: Severity, start: datetime
) -> None:
    promised = sla(zone, minutes)
    assert due(promised, severity, start, ()) == severity_due(
        severity, promised.hours, start, minutes
    )


@UNHURRIED
@given(MINUTES, SEVERITIES, AT, st.integers(0, 5000), pauses())
def test_who_starts_later_is_never_due_earlier(
    minutes: int, severity: Severity, start: datetime, later: int, stopped: tuple[Pause, ...]
) -> None:
    promised = sla(LOS_ANGELES, minutes)
    first = due(promised, severity, start, stopped)
    assert start < first <= due(promised, severity, start + later * MINUTE, stopped)


LENGTHS = st.tuples(AT, st.integers(0, 3000), st.integers(0, 3000))


@UNHURRIED
@given(MINUTES, SEVERITIES, AT, pauses(), LENGTHS)
def test_a_resumed_clock_is_never_due_earlier(
    minutes: int,
    severity: Severity,
    start: datetime,
    stopped: tuple[Pause, ...],
    lengths: tuple[datetime, int, int],
) -> None:
    promised = sla(LONDON, minutes)
    begun, length, longer = lengths

    def due_if(*more: Pause) -> datetime:
        return due(promised, severity, start, (*stopped, *more))

    resumed = due_if((begun, begun + length * MINUTE))
    assert due_if() == due_if((begun, None)) <= resumed
    assert resumed <= due_if((begun, begun + (length + longer) * MINUTE))


@UNHURRIED
@given(MINUTES, SEVERITIES, AT, pauses())
def test_exactly_when_it_is_due_all_its_share_is_used(
    minutes: int, severity: Severity, start: datetime, stopped: tuple[Pause, ...]
) -> None:
    promised, clock = sla(LOS_ANGELES, minutes), Clock(start, stopped)
    at = due(promised, severity, start, stopped)
    assert share_used(promised, severity, clock, at) == 1
    assert share_used(promised, severity, clock, at - timedelta(seconds=1)) < 1


@UNHURRIED
@given(SEVERITIES, AT, AT, st.integers(0, 10_000))
def test_a_clock_that_had_time_left_never_breaches_while_it_is_paused(
    severity: Severity, start: datetime, begun: datetime, minutes: int
) -> None:
    promised = sla(LOS_ANGELES, 300)
    clock = Clock(start, ((begun, None),))
    if begun < due(promised, severity, start):
        assert not breached(promised, severity, clock, begun + minutes * MINUTE)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(TriageError, match="wanted an end after its start"):
        due(WEST, Severity.S2, FRIDAY, [(MONDAY_TEN, MONDAY_NINE)])
    with pytest.raises(TriageError, match="wanted at least 1, and the end not before the first"):
        Goals(60, 30)
    with pytest.raises(TriageError, match="has 1 goals; wanted those of S0 to S3"):
        Sla("short", WEST.hours, (Goals(1, 2),))
    with pytest.raises(RotaError, match="without a zone"):
        due(WEST, Severity.S2, datetime(2026, 3, 6, 16, 30), ())  # noqa: DTZ001 - the mistake
    with pytest.raises(RotaError, match="without a zone"):
        breached(WEST, Severity.S2, Clock(FRIDAY), datetime(2026, 3, 6))  # noqa: DTZ001 - as above


def test_a_pause_that_begins_later_than_now_counts_as_nothing() -> None:
    assert as_of(Clock(FRIDAY, ((MONDAY_TEN, None),)), MONDAY_NINE).pauses == (
        (MONDAY_TEN, MONDAY_TEN),
    )
