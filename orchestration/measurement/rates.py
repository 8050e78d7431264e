"""Shares and totals, from plain counts or from units that were drawn with unequal chances."""

import numpy as np
import polars as pl
from scipy.stats import beta, chi2, norm

from orchestration.measurement import simulation
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import (
    CONFIDENCE,
    Estimate,
    check_columns,
    check_counts,
    check_whole,
    nothing,
    tail_of,
)
from orchestration.measurement.simulation import Floats

FEW = 3  # hits or misses, of which Wilson's far end would be too near


def wilson(k: int, n: int, confidence: float = CONFIDENCE) -> Estimate:
    """A share k/n for display; gates take the exact `precision.lower_bound`.

    Centre (p + z2/2n) / (1 + z2/n), half z sqrt(p(1-p)/n + z2/4n2) / (1 + z2/n) (Wilson, 1927).
    With one to three hits the lower end is chi2(1 - confidence; 2k) / 2n, with one to three misses
    the upper end its mirror image (Brown, Cai and DasGupta, 2001): without it 95 % are 84 % there.
    Null where n is 0. Raises MeasurementError for counts or a confidence that cannot be.
    """
    check_counts(k, n)
    tail = tail_of(confidence)
    if n == 0:
        return nothing(0, "Wilson", confidence)
    p, z2 = k / n, float(norm.ppf(1 - tail / 2)) ** 2
    whole = 1 + z2 / n
    centre = (p + z2 / (2 * n)) / whole
    half = (z2 * (p * (1 - p) / n + z2 / (4 * n * n))) ** 0.5 / whole
    lower = float(chi2.ppf(tail, 2 * k)) / (2 * n) if 1 <= k <= FEW else centre - half
    misses = n - k
    upper = centre + half
    if 1 <= misses <= FEW:
        upper = 1 - float(chi2.ppf(tail, 2 * misses)) / (2 * n)
    return Estimate(p, max(0.0, lower), min(1.0, upper), n, "Wilson", confidence)


def clopper_pearson(k: int, n: int, confidence: float = CONFIDENCE) -> Estimate:
    """A share k/n with its exact interval (Clopper and Pearson, 1934), never narrower than said.

    The ends are quantiles of Beta(k, n - k + 1) and Beta(k + 1, n - k). Null where n is 0. Raises
    MeasurementError as `wilson` does.
    """
    check_counts(k, n)
    tail = tail_of(confidence)
    if n == 0:
        return nothing(0, "Clopper-Pearson", confidence)
    lower, upper = _exact(np.array(k), np.array(n), tail)
    return Estimate(k / n, float(lower), float(upper), n, "Clopper-Pearson", confidence)


def zero_hits(n: int, confidence: float = CONFIDENCE) -> Estimate:
    """What 0 of n says: no more than 1 - (1 - confidence)^(1/n), one-sided, about 3/n.

    Null where n is 0. Raises MeasurementError as `wilson` does.
    """
    check_counts(0, n)
    tail = tail_of(confidence)
    if n == 0:
        return nothing(0, "zero hits, one-sided", confidence)
    return Estimate(0.0, 0.0, float(1 - tail ** (1 / n)), n, "zero hits, one-sided", confidence)


def weighted_share(units: pl.DataFrame, confidence: float = CONFIDENCE) -> Estimate:
    """The share of positives in units[value, inclusion_prob]: sum(y/pi) / sum(1/pi) (Hájek, 1971).

    The interval is Clopper and Pearson's of the effective number of units (Korn and Graubard,
    1998), which is never over (sum w)^2 / sum w^2 (Kish): hits in none but the small strata must
    not make it narrow. A null value is a unit nobody judged: missing, not negative, and left out.
    Null where none is judged. Raises MeasurementError for a probability outside (0, 1].
    """
    tail = tail_of(confidence)
    y, weight = weighed_values(
        units.filter(pl.col("value").is_not_null()) if "value" in units else units
    )
    method = "weighted (Hájek), Korn-Graubard"
    if y.size == 0:
        return nothing(0, method, confidence)
    square = weight**2
    sums = np.array([weight.sum(), square.sum(), weight @ y, square @ y])
    p, lower, upper, se = share_ends(sums[0], sums[1], sums[2], sums[3], tail)
    return Estimate(float(p), float(lower), float(upper), y.size, method, confidence, float(se))


def share_ends(
    whole: Floats, squares: Floats, hits: Floats, hit_squares: Floats, tail: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Share, lower and upper end and standard error, of sums over w, w^2, w y and w^2 y."""
    p = np.minimum(hits / whole, 1.0)
    variance = np.maximum(hit_squares * (1 - 2 * p) + squares * p**2, 0) / whole**2
    kish = whole**2 / squares
    spread = p * (1 - p)
    own = np.divide(spread, variance, out=np.full_like(p, np.inf), where=variance > 0)
    n = np.minimum(kish, np.where(spread > 0, own, np.inf))
    lower, upper = _exact(n * p, n, tail)
    return p, lower, upper, variance**0.5


def weighted_total(units: pl.DataFrame, confidence: float = CONFIDENCE) -> Estimate:
    """How many positives there are in all: sum(y/pi) over units[value, inclusion_prob].

    Horvitz and Thompson (1952), with the variance sum(y (1-pi)/pi2) of independent draws; the
    interval is Fay and Feuer's (1997) for weighted counts, which allows for one more unit of the
    largest weight drawn, so no hits still have an upper end. Null without units. Raises
    MeasurementError for a probability outside (0, 1], and for a unit that nobody judged: a total
    without it would be too small.
    """
    tail = tail_of(confidence)
    check_columns("units", units, ("value",))
    check_whole("units", units, ("value",))
    y, weight = weighed_values(units)
    method = "total (Horvitz-Thompson), Fay-Feuer"
    if y.size == 0:
        return nothing(0, method, confidence)
    total = float(weight @ y)
    variance = float((weight * (weight - 1)) @ y)
    sums = np.array([total, variance, y.sum(), weight.max()])
    lower, upper = total_ends(sums[0], sums[1], sums[2], sums[3], tail)
    return Estimate(total, float(lower), float(upper), y.size, method, confidence, variance**0.5)


def total_ends(
    total: Floats, variance: Floats, seen: Floats, most: Floats, tail: float
) -> tuple[Floats, Floats]:
    """Fay and Feuer's ends of a total, of its variance, the positives seen and the largest weight.

    Where every unit was drawn the total is certain; it is never under what was seen.
    """
    lower = _gamma(tail / 2, total, variance)
    upper = _gamma(1 - tail / 2, total + most, variance + most * (most - 1))
    return np.maximum(seen, lower), np.where(most == 1, total, upper)


def stratified_total(
    strata: pl.DataFrame, *, seed: int, confidence: float = CONFIDENCE
) -> Estimate:
    """How many positives there are in strata[stratum, size, n, k]: sum of N_h p_h.

    `se` is the root of sum N_h^2 (1 - n_h/N_h) p_h (1 - p_h) / (n_h - 1); the interval is
    simulated (`simulation.shares`), and the same for the same seed. Raises MeasurementError as
    `simulation.strata_of` does.
    """
    tail = tail_of(confidence)
    size, n, k = simulation.counts(simulation.strata_of(strata))
    rng = np.random.default_rng(seed)
    low, high = simulation.totals(size, n, k, simulation.DRAWS, rng)
    lower, upper = simulation.ends(low.sum(axis=1), high.sum(axis=1), tail)
    total = float((size * k / np.maximum(n, 1)).sum())
    se = float(simulation.variances(size, n, k).sum() ** 0.5)
    judged = int(n.sum())
    return Estimate(total, float(lower), float(upper), judged, simulation.METHOD, confidence, se)


def prevalence(strata: pl.DataFrame, *, seed: int, confidence: float = CONFIDENCE) -> Estimate:
    """The share of positives among all units of strata[stratum, size, n, k].

    `stratified_total` over the number of units; raises as it does.
    """
    found = stratified_total(strata, seed=seed, confidence=confidence)
    whole = int(strata["size"].sum())
    value, lower, upper, se = (
        None if part is None else part / whole
        for part in (found.value, found.lower, found.upper, found.se)
    )
    return Estimate(value, lower, upper, found.n, found.method, confidence, se)


def rogan_gladen(
    flagged: tuple[int, int],
    right_of_bad: tuple[int, int],
    right_of_good: tuple[int, int],
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    draws: int = simulation.DRAWS,
) -> Estimate:
    """The true share behind a judge that errs: (q + sp - 1) / (se + sp - 1), within 0 and 1.

    Rogan and Gladen (1978). Each argument is (k, n): what the judge flagged of all it saw, flagged
    of what people say is bad (se), and let pass of what people say is good (sp). The interval is
    simulated from all three (`simulation.shares`), so few human labels make it wide; `n` is the
    human labels. Raises MeasurementError for counts that cannot be or are of nothing, and for a
    judge no better than chance (se + sp <= 1), of whose flags nothing follows.
    """
    tail = tail_of(confidence)
    pairs = (flagged, right_of_bad, right_of_good)
    for k, n in pairs:
        check_counts(k, n)
        if n == 0:
            raise MeasurementError(
                "One of the judge's three counts is of nothing; wanted units it saw, and bad and "
                "good ones that people judged. Have some judged."
            )
    share, se, sp = (k / n for k, n in pairs)
    if se + sp <= 1:
        raise MeasurementError(
            f"The judge finds {se:.0%} of the bad and passes {sp:.0%} of the good; wanted more "
            "than 100 % together. It is no better than chance: do not use it."
        )
    counted = np.array(pairs)
    rng = np.random.default_rng(seed)
    low, high = simulation.shares(counted[:, 0], counted[:, 1], draws, rng)
    lowest = _true_share(low[:, 0], high[:, 1], low[:, 2], unknown=0.0)
    highest = _true_share(high[:, 0], low[:, 1], high[:, 2], unknown=1.0)
    lower, upper = simulation.ends(lowest, highest, tail)
    value = min(1.0, max(0.0, (share + sp - 1) / (se + sp - 1)))
    human = right_of_bad[1] + right_of_good[1]
    return Estimate(value, float(lower), float(upper), human, "Rogan-Gladen", confidence)


def _true_share(share: Floats, se: Floats, sp: Floats, *, unknown: float) -> Floats:
    better = se + sp - 1
    blank = np.full_like(share, unknown)
    return np.clip(np.divide(share + sp - 1, better, out=blank, where=better > 0), 0, 1)


def weighed_values(units: pl.DataFrame) -> tuple[Floats, Floats]:
    """Values as 0 or 1, and weights 1/pi, of units[value, inclusion_prob] that all were judged.

    Raises MeasurementError for a probability outside (0, 1], and for a value that is neither.
    """
    check_columns("units", units, ("value", "inclusion_prob"))
    check_whole("units", units, ("inclusion_prob",))
    y = units["value"].cast(pl.Float64).to_numpy()
    pi = units["inclusion_prob"].cast(pl.Float64).to_numpy()
    wrong = ~((pi > 0) & (pi <= 1))
    if wrong.any():
        raise MeasurementError(
            f"{int(wrong.sum())} units have an inclusion probability such as {pi[wrong][0]}; "
            "wanted more than 0 and at most 1. What could not be drawn stands for nothing: take "
            "it out of the sample, and out of what the figure is said to be of."
        )
    if not np.isin(y, (0, 1)).all():
        raise MeasurementError("A value is neither true nor false; wanted one of these, or 0, 1.")
    return y, 1 / pi


def _exact(k: Floats, n: Floats, tail: float) -> tuple[Floats, Floats]:
    lower = np.where(k > 0, beta.ppf(tail / 2, k, n - k + 1), 0.0)
    upper = np.where(k < n, beta.ppf(1 - tail / 2, k + 1, n - k), 1.0)
    return lower, upper


def _gamma(at: float, mean: Floats, variance: Floats) -> Floats:
    """A quantile of the gamma distribution of this mean and variance."""
    known = variance > 0
    scale = np.divide(variance, 2 * mean, out=np.zeros_like(mean), where=known)
    freedom = np.divide(2 * mean**2, variance, out=np.ones_like(mean), where=known)
    return np.where(known, scale * chi2.ppf(at, freedom), mean)
