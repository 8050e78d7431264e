from datetime import date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.oncall.errors import RotaError
from orchestration.oncall.ladders import (
    Channel,
    Due,
    Ladder,
    OnCall,
    Progress,
    Someone,
    Step,
    due_steps,
)
from tests.orchestration.oncall.builders import (
    DAY,
    HOUR,
    LONDON,
    MINUTE,
    UNHURRIED,
    nine_to_five,
    utc,
)

PRIMARY, SECONDARY, LEAD, ROOM = OnCall("chat"), OnCall("chat", 2), Someone("bob"), Channel("C0X")
OFFICE = nine_to_five(LONDON, date(2026, 3, 9))
OPENED = utc("2026-03-04T22:00")
URGENT = Ladder(
    "urgent",
    frozenset({Severity.S0, Severity.S1}),
    (Step(0 * MINUTE, PRIMARY), Step(10 * MINUTE, SECONDARY), Step(20 * MINUTE, ROOM)),
    repeat=1,
    pause=30 * MINUTE,
)
CALM = Ladder(
    "calm",
    frozenset({Severity.S2}),
    (Step(HOUR, PRIMARY, OFFICE), Step(HOUR, LEAD)),
)


def after(minutes: int, pointer: int, ladder: Ladder = URGENT) -> Progress:
    return due_steps(ladder, OPENED, OPENED + minutes * MINUTE, pointer)


def at(minutes: int) -> datetime:
    return OPENED + minutes * MINUTE


def test_steps_are_taken_one_by_one_and_once() -> None:
    assert after(0, 0) == ((Due(0, at(0), PRIMARY),), 1, at(10))
    assert after(0, 1) == ((), 1, at(10))
    assert after(9, 1) == ((), 1, at(10))
    assert after(10, 1) == ((Due(1, at(10), SECONDARY),), 2, at(30))
    assert after(30, 2) == ((Due(2, at(30), ROOM),), 3, at(60))


def test_it_begins_again_after_the_pause_and_ends() -> None:
    assert after(60, 3) == ((Due(3, at(60), PRIMARY),), 4, at(70))
    assert after(90, 5) == ((Due(5, at(90), ROOM),), 6, None)
    assert after(9999, 6) == ((), 6, None)


def test_after_downtime_each_target_gets_the_latest_missed_step_once() -> None:
    assert after(75, 1) == (
        (Due(2, at(30), ROOM), Due(3, at(60), PRIMARY), Due(4, at(70), SECONDARY)),
        5,
        at(90),
    )
    assert after(9999, 0) == (
        (Due(3, at(60), PRIMARY), Due(4, at(70), SECONDARY), Due(5, at(90), ROOM)),
        6,
        None,
    )


def test_nothing_is_due_once_somebody_acked_or_it_was_resolved() -> None:
    assert due_steps(URGENT, OPENED, at(9999), 2, stopped=True) == ((), 2, None)


def test_a_clock_that_jumps_back_takes_no_step_again() -> None:
    assert after(-60, 0) == ((), 0, at(0))
    assert after(-60, 2) == ((), 2, at(30))


def test_a_ladder_that_became_shorter_keeps_the_pointer() -> None:
    assert after(9999, 8) == ((), 8, None)


def test_a_step_waits_for_its_hours_and_those_after_it_wait_too() -> None:
    opened = utc("2026-03-06T16:30")  # a Friday; Monday is a holiday
    begins = utc("2026-03-10T09:00")
    assert due_steps(CALM, opened, utc("2026-03-09T12:00"), 0) == ((), 0, begins)
    assert due_steps(CALM, opened, begins, 0) == (
        (Due(0, begins, PRIMARY),),
        1,
        begins + HOUR,
    )


def test_a_step_within_its_hours_only_waits_its_time() -> None:
    assert due_steps(CALM, utc("2026-03-06T12:00"), utc("2026-03-06T12:30"), 0) == (
        (),
        0,
        utc("2026-03-06T13:00"),
    )


@pytest.mark.parametrize("severity", [Severity.S0, Severity.S1])
def test_s0_and_s1_wait_for_no_hours(severity: Severity) -> None:
    with pytest.raises(RotaError, match="'calm' is for S0 or S1, which wait for no hours"):
        Ladder("calm", frozenset({severity, Severity.S2}), CALM.steps)


def test_a_ladder_that_tells_nobody_or_all_at_once_is_refused() -> None:
    with pytest.raises(RotaError, match="has 1 severities and 0 steps; write at least one"):
        Ladder("empty", frozenset({Severity.S1}), ())
    with pytest.raises(RotaError, match="has 0 severities and 1 steps; write at least one"):
        Ladder("empty", frozenset(), (Step(HOUR, LEAD),))
    with pytest.raises(RotaError, match="begins again after 0:00:59; wanted at least 1m"):
        Ladder("f", frozenset({Severity.S1}), URGENT.steps, repeat=1, pause=timedelta(seconds=59))


def test_a_pointer_below_zero_is_refused() -> None:
    with pytest.raises(RotaError, match="pointer is -1; wanted the number of steps taken"):
        after(0, -1)


STEPS = st.builds(
    Step,
    st.integers(0, 2000).map(lambda minutes: minutes * MINUTE),
    st.sampled_from([PRIMARY, SECONDARY, LEAD, ROOM]),
    st.sampled_from([None, OFFICE]),
)
LADDERS = st.builds(
    Ladder,
    st.just("any"),
    st.just(frozenset({Severity.S2})),
    st.lists(STEPS, min_size=1, max_size=5).map(tuple),
    repeat=st.integers(0, 3),
    pause=st.integers(1, 600).map(lambda minutes: minutes * MINUTE),
)
JUMPS = st.lists(st.integers(-500, 3000), max_size=15)


@UNHURRIED
@given(LADDERS, JUMPS)
def test_whatever_the_clock_does_the_pointer_never_goes_back_and_no_step_comes_twice(
    ladder: Ladder, jumps: list[int]
) -> None:
    now, pointer, taken = OPENED, 0, list[int]()
    for jump in jumps:
        now += jump * MINUTE
        steps, new, next_at = due_steps(ladder, OPENED, now, pointer)
        assert pointer <= new <= len(ladder.steps) * (ladder.repeat + 1)
        assert all(pointer <= due.number < new and due.at <= now for due in steps)
        assert len({due.target for due in steps}) == len(steps)
        assert next_at is None or next_at > now
        assert due_steps(ladder, OPENED, now, new) == ((), new, next_at)
        taken += [due.number for due in steps]
        pointer = new
    assert taken == sorted(set(taken))


@UNHURRIED
@given(LADDERS)
def test_asked_when_it_says_it_takes_every_step(ladder: Ladder) -> None:
    next_at: datetime | None = OPENED
    pointer, taken = 0, list[Due]()
    while next_at is not None:
        steps, pointer, next_at = due_steps(ladder, OPENED, next_at, pointer)
        taken += steps
    assert pointer == len(ladder.steps) * (ladder.repeat + 1)
    missed = {due.target for due in taken}
    assert missed == {step.target for step in ladder.steps}
    assert [due.at for due in taken] == sorted(due.at for due in taken)


@UNHURRIED
@given(LADDERS, st.integers(0, 30000))
def test_after_downtime_everybody_who_was_missed_is_told(ladder: Ladder, minutes: int) -> None:
    now = OPENED + minutes * MINUTE
    steps, pointer, _ = due_steps(ladder, OPENED, now, 0)
    every = ladder.steps * (ladder.repeat + 1)
    assert {due.target for due in steps} == {step.target for step in every[:pointer]}
    assert all(every[due.number].target == due.target for due in steps)


def test_waits_are_time_and_not_business_time() -> None:
    opened = utc("2026-03-06T16:30")
    two_days = Ladder("two", frozenset({Severity.S2}), (Step(2 * DAY, LEAD),))
    assert due_steps(two_days, opened, opened, 0).next_at == utc("2026-03-08T16:30")
