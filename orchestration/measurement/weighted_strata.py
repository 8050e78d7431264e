"""Strata judged in part by units of unequal chances: totals, prevalence and recall. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.measurement import recall, simulation
from orchestration.measurement.estimates import CONFIDENCE, Estimate, check_columns, tail_of
from orchestration.measurement.rates import weighed_values
from orchestration.measurement.simulation import Floats

ALIKE = 1e-9  # room for rounding
METHOD = simulation.METHOD
COUNTED = {
    "stratum": pl.String,
    "flagged": pl.Boolean,
    "size": pl.Int64,
    "judged": pl.Int64,
    "positive": pl.Int64,
    "n": pl.Float64,
    "k": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Whole:
    """What strata come to together: positives, their share of all units, and recall.

    `strata` are those of `recall.Recall`, with `judged` and `positive` units as they were counted.
    """

    total: Estimate
    prevalence: Estimate
    recall: Estimate
    strata: pl.DataFrame


def counted(strata: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """For each of strata[stratum, flagged, size], what units[stratum, value, inclusion_prob] say.

    `judged` and `positive` are counts. `n` and `k` are effective numbers: k/n is the weighted share
    (Hájek), n the units drawn alike that would tell as much (the least of Kish's and Korn and
    Graubard's number). With equal chances they are the counts. A null value is missing, not
    negative, and taken to be as the judged ones of its stratum are. Raises MeasurementError for a
    probability outside (0, 1].
    """
    check_columns("strata", strata, ("stratum", "flagged", "size"))
    check_columns("units", units, ("stratum", "value", "inclusion_prob"))
    judged = units.filter(pl.col("value").is_not_null())
    rows = [
        (name, flagged, size, *_of_units(judged.filter(pl.col("stratum") == name)))
        for name, flagged, size in strata.select("stratum", "flagged", "size").iter_rows()
    ]
    return pl.DataFrame(rows, schema=COUNTED, orient="row")


def thin(found: pl.DataFrame, least: int) -> list[tuple[str, int, int]]:
    """Strata of `counted` that too few were judged of: each with how many were, and are wanted."""
    wanted = [min(least, size) for size in found["size"]]
    named = zip(found["stratum"], found["judged"], wanted, strict=True)
    return [(name, judged, want) for name, judged, want in named if judged < want]


def whole(found: pl.DataFrame, *, seed: int, confidence: float = CONFIDENCE) -> Whole:
    """Totals and recall of strata that `counted` gave, each with units judged.

    Intervals are simulated as those of `recall.recall` are. Raises MeasurementError as it does.
    """
    tail = tail_of(confidence)
    of = recall.of_checked(found, seed=seed, confidence=confidence)
    size, n, k = simulation.counts(found)
    rng = np.random.default_rng(seed)
    low, high = simulation.totals(size, n, k, simulation.DRAWS, rng)
    ends = simulation.ends(low.sum(axis=1), high.sum(axis=1), tail)
    judged, units = int(found["judged"].sum()), int(size.sum())
    value = float((size * k / np.maximum(n, 1)).sum())
    total = Estimate(value, float(ends[0]), float(ends[1]), judged, METHOD, confidence)
    return Whole(
        total,
        _over(total, units),
        _of(of.recall, judged),
        of.strata.hstack(found.select("judged", "positive")),
    )


def effective(y: Floats, weight: Floats) -> tuple[float, float]:
    """How many units drawn alike would tell as much of a share, and how many of them are true."""
    if not y.size:
        return 0.0, 0.0
    if np.ptp(weight) <= ALIKE * weight.max():
        return float(y.size), float(y.sum())
    n = _least(y, weight)
    share = 1.0 if y.all() else float(weight @ y / weight.sum())
    return n, n * share


def _of_units(judged: pl.DataFrame) -> tuple[int, int, float, float]:
    y, weight = weighed_values(judged)
    return y.size, int(y.sum()), *effective(y, weight)


def _least(y: Floats, weight: Floats) -> float:
    kish = float(weight.sum() ** 2 / (weight**2).sum())
    p = float(weight @ y / weight.sum())
    variance = float((weight**2) @ (y - p) ** 2) / float(weight.sum()) ** 2
    return min(kish, p * (1 - p) / variance) if variance > 0 else kish


def _over(total: Estimate, units: int) -> Estimate:
    value, lower, upper = (
        None if part is None else part / units for part in (total.value, total.lower, total.upper)
    )
    return Estimate(value, lower, upper, total.n, total.method, total.confidence)


def _of(found: Estimate, judged: int) -> Estimate:
    return Estimate(
        found.value, found.lower, found.upper, judged, found.method, found.confidence, found.se
    )


def joined(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Strata[stratum, size, ...] of several plans, those of one name added up, by name."""
    every = pl.concat(list(frames))
    sums = pl.col(name for name in every.columns if name != "stratum").sum()
    return every.group_by("stratum").agg(sums).sort("stratum")
