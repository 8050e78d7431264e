"""Figures of a report: each with its n and interval, and "insufficient" where n is too small."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, chi2

from orchestration.measurement.estimates import CONFIDENCE, Estimate, nothing, shown, tail_of
from orchestration.measurement.rates import clopper_pearson, wilson

LEAST = 20  # under which no share, rate or median is shown
GARWOOD = "Poisson, exact (Garwood)"
ORDER = "median, order statistics"


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with its interval, and the 90 % quantile, which has none; null where n is small."""

    median: Estimate
    p90: float | None


def share(k: int, n: int, least: int = LEAST) -> Estimate:
    """The share k/n by Wilson; null under `least`."""
    return wilson(k, n) if n >= least else nothing(n, "Wilson")


def exact(k: int, n: int, least: int = LEAST) -> Estimate:
    """The share k/n by Clopper and Pearson; null under `least`."""
    return clopper_pearson(k, n) if n >= least else nothing(n, "Clopper-Pearson")


def rate(k: int, n: int, exposure: float, least: int = LEAST) -> Estimate:
    """So many events by an exposure, exact for those of a Poisson process (Garwood, 1936).

    `n` is what was looked at to find them; null under `least`, and without exposure.
    """
    tail = tail_of(CONFIDENCE)
    if n < least or exposure <= 0:
        return nothing(n, GARWOOD)
    lower = float(chi2.ppf(tail / 2, 2 * k)) / 2 if k else 0.0
    upper = float(chi2.ppf(1 - tail / 2, 2 * k + 2)) / 2
    return Estimate(k / exposure, lower / exposure, upper / exposure, n, GARWOOD)


def spread(values: Sequence[float], least: int = LEAST) -> Spread:
    """Median and 90 % quantile of a sample; the median's ends are order statistics.

    Whatever the distribution, the ends hold the true median at least so often as is said.
    """
    n = len(values)
    if n < least:
        return Spread(nothing(n, ORDER), None)
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    out = max(0, int(binom.ppf(tail_of(CONFIDENCE) / 2, n, 0.5)) - 1)  # left out at each end
    median, lower, upper = float(np.median(ordered)), ordered[out], ordered[n - 1 - out]
    found = Estimate(median, float(lower), float(upper), n, ORDER)
    return Spread(found, float(ordered[math.ceil(0.9 * n) - 1]))


def columns(name: str, found: Estimate) -> dict[str, float | None]:
    """The parts of an estimate as columns of a table."""
    return {name: found.value, f"{name}_lower": found.lower, f"{name}_upper": found.upper}


def said(found: Estimate, unit: str = "") -> str:
    """An estimate as people read it: a share in percent, anything else in its unit."""
    if not unit:
        return shown(found)
    if found.value is None or found.lower is None:
        return f"insufficient (n = {found.n})"
    far = "unknown" if found.upper is None else short(found.upper)
    ends = f"{short(found.lower)} to {far}"
    return f"{short(found.value)} {unit} ({ends}, {found.confidence:.0%}, n = {found.n})"


def short(value: float) -> str:
    """A number of three figures, or a whole one where there are more."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three figures
