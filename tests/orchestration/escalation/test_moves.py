from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from monitors.contract import Severity
from orchestration.escalation.moves import SILENCED, Calling, Climb, Move, Quiet, move
from orchestration.oncall.ladders import Channel, Ladder, Someone, Step

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LADDER = Ladder(
    "urgent",
    frozenset({Severity.S1}),
    (Step(0 * MINUTE, Someone("ann")), Step(10 * MINUTE, Channel("C0URGENT"))),
    repeat=2,
    pause=30 * MINUTE,
)
CALLS = Calling(LADDER, Severity.S1, NOON)
STANDS = st.sampled_from([CALLS, Quiet(SILENCED), Quiet("ann"), Quiet("resolved")])


def at(minutes: int) -> datetime:
    return NOON + minutes * MINUTE


@given(st.lists(st.tuples(st.integers(0, 45), STANDS), max_size=30))
def test_each_step_is_taken_once_between_two_beginnings_and_only_while_it_calls(
    ticks: list[tuple[int, Calling | Quiet]],
) -> None:
    climb: Climb | None = None
    taken: set[int] = set()
    now = 0
    for minutes, stands in ticks:
        now += minutes
        done = move("t1", climb, stands, now=at(now))
        if done is None:
            continue
        assert isinstance(stands, Calling) or done.steps == ()
        numbers = {due.number for due in done.steps}
        taken = set() if done.begins else taken
        assert not numbers & taken
        assert all(due.at <= at(now) for due in done.steps)
        taken |= numbers
        climb = done.after
        assert move("t1", climb, stands, now=at(now)) is None


@given(st.integers(1, 9), st.integers(0, 300))
def test_a_pause_puts_every_later_step_off_by_its_length(before: int, length: int) -> None:
    begun = move("t1", None, CALLS, now=at(0))
    assert begun is not None
    paused = move("t1", begun.after, Quiet(SILENCED), now=at(before))
    assert paused is not None
    resumed = move("t1", paused.after, CALLS, now=at(before + length))
    assert resumed is not None

    assert resumed.after.next_at == at(10 + length)
    assert not resumed.begins


def test_what_nobody_is_called_for_has_no_row() -> None:
    assert move("t1", None, Quiet("resolved"), now=at(0)) is None
    assert move("t1", None, Quiet(SILENCED), now=at(0)) is None


def test_the_first_climb_counts_from_the_firing_and_a_later_one_from_now() -> None:
    first = move("t1", None, CALLS, now=at(12))
    again = move("t1", Climb("t1", "urgent", NOON, 2, None, "ann"), CALLS, now=at(12))

    assert isinstance(first, Move)
    assert (first.after.opened_at, first.after.pointer) == (NOON, 2)
    assert isinstance(again, Move)
    assert (again.after.opened_at, again.after.pointer) == (at(12), 1)


def test_another_ladder_begins_with_its_first_step() -> None:
    calm = Climb("t1", "calm", NOON, 3, at(60))

    done = move("t1", calm, CALLS, now=at(12))

    assert done is not None
    assert done.after == Climb("t1", "urgent", at(12), 1, at(22))
