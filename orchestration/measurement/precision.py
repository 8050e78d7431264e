"""The exact lower bound of a precision, from a uniform sample of what was flagged."""

import math

from scipy.stats import beta

from orchestration.measurement.errors import MeasurementError

CONFIDENCE = 0.95


def lower_bound(k: int, n: int, confidence: float = CONFIDENCE) -> float | None:
    """One-sided lower bound of a share of which k in n were seen (Clopper and Pearson, 1934).

    The true share is below it with a probability of at most 1 - confidence, whatever the share and
    however small n. None where n is 0. Raises MeasurementError for counts that cannot be.
    """
    if not 0 <= k <= n:
        raise MeasurementError(
            f"{k} right of {n} were given; wanted 0 <= right <= all. Count them again."
        )
    tail = 1 - _inside("confidence", confidence)
    if n == 0:
        return None
    return float(beta.ppf(tail, k, n - k + 1)) if k else 0.0  # Beta(0, ·) is not defined


def least(target: float, confidence: float = CONFIDENCE) -> int:
    """How many units, every one right, it takes for a lower bound of at least `target`.

    Raises MeasurementError for a target or a confidence that is not between 0 and 1.
    """
    tail = 1 - _inside("confidence", confidence)
    # All n right: the bound is tail ** (1 / n).
    n = max(1, math.floor(math.log(tail) / math.log(_inside("target", target))))
    return n if target**n <= tail else n + 1


def _inside(name: str, value: float) -> float:
    if not 0 < value < 1:
        raise MeasurementError(
            f"The {name} is {value}; wanted a number between 0 and 1, such as 0.95. Give it so."
        )
    return value
