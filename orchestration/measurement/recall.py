"""Recall: how much of what there is the monitor flagged, from a sample of all strata."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.measurement import simulation
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import CONFIDENCE, Estimate, nothing, tail_of
from orchestration.measurement.simulation import Amounts, Counts, Flags, Floats


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall, and what it is made of.

    `strata`: stratum, flagged, size, n, k, total (N k/n), lower and upper of the total, and
    `variance_share`: the part of recall's uncertainty (delta method) that comes from here, where
    another label helps most. `recall.se` is the delta method's standard error, only for
    information: intervals made of it cover 63 % where they claim 95 %.
    """

    recall: Estimate
    strata: pl.DataFrame


def recall(
    strata: pl.DataFrame,
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    draws: int = simulation.DRAWS,
) -> Recall:
    """Flagged positives over all positives, of strata[stratum, flagged, size, n, k].

    In each stratum n of `size` units were judged and k were positive. The value is
    sum(N k/n of flagged) / sum(N k/n); the interval is made of the 2.5 % and 97.5 % quantiles of
    the same ratio over simulated shares (`simulation.shares`), the same for the same seed. Recall
    is null where no positive was found. Entities without a score belong into no stratum: report
    them apart. Raises MeasurementError where all or no strata are flagged, and as
    `simulation.strata_of` does.
    """
    tail_of(confidence)
    checked = simulation.strata_of(strata, "flagged")
    return of_checked(checked, seed=seed, confidence=confidence, draws=draws)


def of_checked(
    checked: pl.DataFrame,
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    draws: int = simulation.DRAWS,
) -> Recall:
    """`recall` of strata whose n and k may be effective numbers of weighted units, no whole ones.

    Raises MeasurementError where all or no strata are flagged; the rest is not checked again.
    """
    tail = tail_of(confidence)
    flagged = checked["flagged"].cast(pl.Boolean).to_numpy()
    if flagged.all() or not flagged.any():
        raise MeasurementError(
            f"{'All' if flagged.all() else 'None'} of the strata are flagged; recall compares "
            "both. Judge a sample of what was flagged and of what was scored and not flagged."
        )
    size, n, k = simulation.counts(checked)
    low, high = simulation.totals(size, n, k, draws, np.random.default_rng(seed))
    each = size * k / np.maximum(n, 1)
    lower, upper = simulation.ends(low, high, tail)
    se, part = _delta(size, n, k, flagged)
    frame = checked.select("stratum", "flagged", "size", "n", "k").with_columns(
        total=each, lower=lower, upper=upper, variance_share=part
    )
    judged = int(n.sum())
    found = nothing(judged, simulation.METHOD, confidence)
    if each.sum() > 0:
        share = float(each[flagged].sum() / each.sum())
        least, most = (float(end) for end in interval(low, high, flagged, tail))
        found = Estimate(share, least, most, judged, simulation.METHOD, confidence, se)
    return Recall(found, frame)


def interval(low: Floats, high: Floats, flagged: Flags, tail: float) -> tuple[Floats, Floats]:
    """The interval of recall from simulated totals[draws, ..., strata].

    Recall is low where little of what was flagged and much of the rest is positive.
    """
    caught_low, caught_high = low[..., flagged].sum(-1), high[..., flagged].sum(-1)
    missed_low, missed_high = low[..., ~flagged].sum(-1), high[..., ~flagged].sum(-1)
    lowest = _ratio(caught_low, missed_high, empty=0.0)
    highest = _ratio(caught_high, missed_low, empty=1.0)
    return simulation.ends(lowest, highest, tail)


def _ratio(caught: Floats, missed: Floats, *, empty: float) -> Floats:
    whole = caught + missed
    return np.divide(caught, whole, out=np.full_like(whole, empty), where=whole > 0)


def _delta(
    size: Counts,
    n: Amounts,
    k: Amounts,
    flagged: Flags,
) -> tuple[float | None, Floats]:
    """The delta method's standard error, and each stratum's share of the variance.

    The shares take (k + 1/2) / (n + 1), or a large stratum without a hit would seem certain.
    """
    each = size * k / np.maximum(n, 1)
    smooth = size * (k + 0.5) / (n + 1)
    seen = _slopes(each, flagged) ** 2 * simulation.variances(size, n, k)
    parts = _slopes(smooth, flagged) ** 2 * simulation.weighed(size, n, k)
    se = float(seen.sum() ** 0.5) if each.sum() > 0 else None
    return se, parts / parts.sum() if parts.sum() > 0 else parts


def _slopes(each: Floats, flagged: Flags) -> Floats:
    """How recall moves with each stratum's total."""
    caught, missed = each[flagged].sum(), each[~flagged].sum()
    whole = (caught + missed) ** 2
    slopes: Floats = np.where(flagged, missed, -caught)
    return slopes / whole if whole > 0 else slopes
