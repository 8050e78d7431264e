from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.precision import least, lower_bound


def at_least(k: int, n: int, p: float) -> float:
    """P(X >= k) of a binomial, summed term by term."""
    return sum(comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(k, n + 1))


@pytest.mark.parametrize(
    ("k", "n", "confidence", "lower"),
    [
        (45, 50, 0.975, 0.7819),  # the lower end of a two-sided interval of 95 %
        (45, 50, 0.95, 0.8012),
        (50, 50, 0.95, 0.9418),
        (50, 50, 0.975, 1 - 0.0711),  # 0/50 seen from the other side
        (300, 300, 0.95, 1 - 0.00994),
        (90, 96, 0.95, 0.880),
    ],
)
def test_the_bound_is_the_one_of_the_tables(
    k: int, n: int, confidence: float, lower: float
) -> None:
    assert lower_bound(k, n, confidence) == pytest.approx(lower, abs=0.0005)


@pytest.mark.parametrize(("target", "n"), [(0.80, 14), (0.90, 29), (0.95, 59), (0.99, 299)])
def test_so_many_must_all_be_right(target: float, n: int) -> None:
    assert least(target) == n
    enough, short = lower_bound(n, n), lower_bound(n - 1, n - 1)
    assert enough is not None
    assert short is not None
    assert short < target <= enough


def test_least_at_the_edge_of_one_unit() -> None:
    assert (least(0.05), least(0.04), least(0.06), least(0.5, confidence=0.5)) == (1, 1, 2, 1)


def test_nothing_right_has_the_bound_0_and_nothing_seen_has_none() -> None:
    assert lower_bound(0, 1) == 0.0
    assert lower_bound(0, 500) == 0.0
    assert lower_bound(0, 0) is None


@pytest.mark.parametrize("n", [1, 2, 5, 14, 29, 60, 150])
def test_the_bound_is_over_the_truth_at_most_once_in_twenty(n: int) -> None:
    bounds = [lower_bound(k, n) or 0.0 for k in range(n + 1)]
    assert bounds == sorted(set(bounds))
    worst = 0.0
    for p in (step / 1000 for step in range(1, 1000)):
        over = next((k for k in range(n + 1) if bounds[k] > p), n + 1)
        worst = max(worst, at_least(over, n, p))
        assert at_least(over, n, p) <= 0.05 + 1e-9
    assert worst > 0.045  # and it is no narrower than it must be


@given(n=st.integers(1, 200), data=st.data())
def test_were_the_bound_the_truth_so_many_right_would_be_seen_once_in_twenty(
    n: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, n))
    bound = lower_bound(k, n)
    assert bound is not None
    assert at_least(k, n, bound) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (1, 0), (0, -1)])
def test_counts_that_cannot_be_are_refused(k: int, n: int) -> None:
    with pytest.raises(MeasurementError, match="wanted 0 <= right <= all"):
        lower_bound(k, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, float("nan")])
def test_a_confidence_or_target_outside_0_to_1_is_refused(confidence: float) -> None:
    with pytest.raises(MeasurementError, match="wanted a number between 0 and 1"):
        lower_bound(1, 1, confidence)
    with pytest.raises(MeasurementError, match="wanted a number between 0 and 1"):
        least(confidence)
