from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.triage.priority import Waiting, in_order, rank
from tests.orchestration.triage.builders import HOUR, UNHURRIED, utc

AGEING = 0.8
NOON = utc("2026-03-02T12:00")


def waiting(
    name: str, severity: Severity, hours: float, share: float = 0.1, score: float = 50
) -> Waiting:
    return Waiting(name, severity, NOON + hours * HOUR, share, score)


def names(*cases: Waiting) -> list[str]:
    return [case.case_id for case in in_order(cases, AGEING)]


def test_graver_goes_first_then_due_first_then_the_higher_score() -> None:
    assert names(
        waiting("d", Severity.S3, 1, score=99),
        waiting("c", Severity.S2, 5, score=99),
        waiting("b2", Severity.S2, 2, score=10),
        waiting("b1", Severity.S2, 2, score=90),
        waiting("a", Severity.S1, 9, score=1),
    ) == ["a", "b1", "b2", "c", "d"]


def test_an_aged_case_counts_as_one_severity_higher() -> None:
    assert names(
        waiting("s2, due later", Severity.S2, 4),
        waiting("s3, aged", Severity.S3, 3, share=0.8),
        waiting("s3, not yet", Severity.S3, 2, share=0.79),
        waiting("s2, due first", Severity.S2, 1),
    ) == ["s2, due first", "s3, aged", "s2, due later", "s3, not yet"]


def test_an_aged_s1_goes_before_all_s1_and_behind_imminent_harm() -> None:
    assert names(
        waiting("s1", Severity.S1, 1),
        waiting("s2, aged", Severity.S2, 0.5, share=0.99),
        waiting("s1, overdue", Severity.S1, -5, share=3.0),
        waiting("s0", Severity.S0, 4),
    ) == ["s0", "s1, overdue", "s2, aged", "s1"]


@pytest.mark.parametrize(
    ("severity", "fresh", "aged"),
    [(Severity.S0, 0, 0), (Severity.S1, 2, 1), (Severity.S2, 4, 2), (Severity.S3, 6, 4)],
)
def test_ranks_are_those_documented(severity: Severity, fresh: int, aged: int) -> None:
    assert (rank(severity, 0.79, AGEING), rank(severity, 0.8, AGEING)) == (fresh, aged)


CASES = st.lists(
    st.builds(
        waiting,
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from(Severity),
        st.integers(-9, 9),
        st.floats(0, 2),
        st.floats(0, 100),
    ),
    unique_by=lambda case: case.case_id,
)


@given(CASES, st.randoms())
def test_the_order_in_which_cases_are_given_changes_nothing(
    cases: list[Waiting], random: Random
) -> None:
    mixed = list(cases)
    random.shuffle(mixed)
    assert in_order(mixed, AGEING) == in_order(cases, AGEING)


@UNHURRIED
@given(
    st.sampled_from(Severity),
    st.integers(1, 12),
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 12)), max_size=2),
)
def test_a_low_score_comes_to_the_front_whatever_inflow_of_its_severity(
    severity: Severity, hours: int, inflow: list[tuple[int, int]]
) -> None:
    """Every hour one case is done, and more with the best score come in, due sooner or later."""
    many = sum(count for count, _ in inflow)
    queue = [("patient", 0, hours, 0.0)]
    for hour in range(hours * (1 + many) + 1):
        queue += [
            (f"new {hour} {kind} {number}", hour, length, 100.0)
            for kind, (count, length) in enumerate(inflow)
            for number in range(count)
        ]
        cases = [
            waiting(name, severity, begun + length, (hour - begun) / length, score)
            for name, begun, length, score in queue
        ]
        done = [case.case_id for case in in_order(cases, AGEING)[:1]]
        queue = [case for case in queue if case[0] not in done]
    assert "patient" not in [name for name, *_ in queue]
