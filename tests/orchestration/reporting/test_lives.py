from datetime import timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from orchestration.reporting.lives import Open, Round, Step, opens, rounds
from tests.orchestration.alerts.builders import at

MINUTE = timedelta(minutes=1)
VERBS = ("assign", "review", "release", "ask", "answer", "escalate", "decide", "close", "reopen")


def step(verb: str, hour: float, *, system: bool = False, first: bool = False) -> Step:
    return Step(verb, at(hour), system, first)


OPENED = step("open", 0, system=True, first=True)


def test_time_in_hand_is_from_taking_a_case_to_what_was_done_with_it() -> None:
    steps = [OPENED, step("assign", 1), step("review", 1.25), step("decide", 2), step("close", 2)]
    assert rounds(steps) == [Round(at(0), at(2), 60 * MINUTE)]
    assert rounds(steps)[0].wait == 60 * MINUTE
    assert opens(steps) == [Open(at(0), at(2))]


def test_a_lease_that_ran_out_was_waiting() -> None:
    steps = [
        OPENED,
        step("assign", 1),
        step("release", 1.5, system=True),
        step("assign", 3),
        step("decide", 3.1),
    ]
    (found,) = rounds(steps)
    assert (found.touch, found.wait) == (6 * MINUTE, 180 * MINUTE)


def test_what_waits_for_information_is_in_nobodys_hands() -> None:
    steps = [
        OPENED,
        step("assign", 0),
        step("ask", 1),
        step("answer", 9),
        step("decide", 10),
    ]
    (found,) = rounds(steps)
    assert (found.touch, found.wait) == (120 * MINUTE, 480 * MINUTE)


def test_a_case_that_comes_back_has_a_round_of_its_own() -> None:
    steps = [
        OPENED,
        step("assign", 1),
        step("decide", 2),
        step("close", 2),
        step("reopen", 20),
        step("review", 21),
        step("decide", 22),
        step("close", 22),
    ]
    assert opens(steps) == [Open(at(0), at(2)), Open(at(20), at(22))]
    assert [(one.came, one.touch) for one in rounds(steps)] == [
        (at(0), 60 * MINUTE),
        (at(20), 60 * MINUTE),
    ]


def test_only_a_merge_that_ended_the_case_ends_it() -> None:
    steps = [OPENED, step("merge", 1), step("merge", 2)]
    assert opens(steps) == [Open(at(0), None)]
    assert opens(steps, merged_at=at(2)) == [Open(at(0), at(2))]


def test_a_clock_that_was_put_back_makes_no_time_less_than_none() -> None:
    steps = [step("open", 5, first=True), step("assign", 6), step("decide", 4), step("close", 4)]
    (found,) = rounds(steps)
    assert (found.touch, found.wait) == (0 * MINUTE, 0 * MINUTE)
    assert opens(steps) == [Open(at(5), at(5))]


def test_a_case_of_which_nothing_is_told_was_never_open() -> None:
    assert (opens([]), rounds([])) == ([], [])


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    gaps = draw(st.lists(st.integers(0, 90), max_size=20))
    hours = list(accumulate(gaps))
    verbs = [draw(st.sampled_from(VERBS)) for _ in hours]
    systems = [draw(st.booleans()) for _ in hours]
    return [OPENED] + [
        Step(verb, at(0) + minutes * MINUTE, by)
        for verb, minutes, by in zip(verbs, hours, systems, strict=True)
    ]


@given(histories())
def test_time_in_hand_and_waiting_are_all_the_time_there_was(steps: list[Step]) -> None:
    for one in rounds(steps):
        assert one.touch + one.wait == one.decided_at - one.came
        assert timedelta(0) <= one.touch <= one.decided_at - one.came


@given(histories())
def test_a_case_is_open_once_at_a_time(steps: list[Step]) -> None:
    found = opens(steps)
    ends = [at for one in found for at in one if at is not None]
    assert ends == sorted(ends)
    assert all(one.went is not None for one in found[:-1])
