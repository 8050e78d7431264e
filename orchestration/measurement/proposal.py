"""Where to put a monitor's threshold: precision and recall along its score. Pure.

A proposal, no gate: a changed threshold is a new version, which begins without a label.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import check_columns, check_whole
from orchestration.measurement.quality import LEAST
from orchestration.measurement.score_curve import CURVE, MEASURED, at_threshold
from orchestration.measurement.standing import labels_needed
from orchestration.measurement.weighted_strata import effective

MOST = 40  # thresholds of a curve


@dataclass(frozen=True, slots=True)
class Proposal:
    """The least threshold that does, null if none is known to; `why` says so in words.

    `labels_needed` more, all right and in `stratum`, would do at the threshold that comes nearest;
    null where there is a threshold, or where no number does. `curve`: a row of CURVE for each
    threshold. `precision_lower` is one-sided, 95 %; the other ends are of 95 % intervals.
    """

    threshold: float | None
    why: str
    labels_needed: int | None
    stratum: str | None
    curve: pl.DataFrame


def propose(
    units: pl.DataFrame,
    *,
    wanted: float,
    days: float,
    sizes: Mapping[str, int] | None = None,
    grid: Sequence[float] | None = None,
) -> Proposal:
    """Propose a threshold, from which on a score is flagged, for a precision of `wanted`.

    units[score, value, weight, stratum] are drawn units: `weight` is 1/pi, a null `value` is not
    judged and left out, as is a null score. `sizes` are of strata, else sums of weights; `days` is
    the time they are of. The grid is of the scores that were drawn, 40 at most.

    Precision is sum(w y)/sum(w) over what is at or above the threshold, its interval Korn and
    Graubard's. Recall is sum(N p above)/sum(N p), p above of a stratum the weighted share of its
    units that are bad and at or above; its interval is simulated as `recall.recall`'s is, and
    leaves out a side on which none of the stratum's units lie. Under 14 judged units at or above, a
    precision is insufficient. Raises MeasurementError for weights under 1, a line outside 0 and 1,
    and no days.
    """
    if not 0 < wanted < 1 or days <= 0:
        raise MeasurementError(
            f"A precision of {wanted} over {days} days was asked for; wanted one within 0 and 1, "
            "such as 0.9, and some days. Give them so."
        )
    judged, strata = _checked(units, sizes)
    at = sorted(set(grid)) if grid is not None else _grid(judged["score"])
    curve = pl.DataFrame([at_threshold(judged, strata, t, days) for t in at], schema=CURVE)
    known = curve.filter(pl.col("state") == MEASURED)
    does = known.filter(pl.col("precision_lower") >= wanted)
    if does.height:
        least = float(does["threshold"][0])
        why = f"from {least:g} on the precision is at least {wanted:.0%}, 95 % one-sided"
        return Proposal(least, why, None, None, curve)
    return _lacking(judged, known, wanted, curve)


def _checked(
    units: pl.DataFrame, sizes: Mapping[str, int] | None
) -> tuple[pl.DataFrame, dict[str, float]]:
    check_columns("units", units, ("score", "value", "weight", "stratum"))
    check_whole("units", units, ("weight", "stratum"))
    light = units.filter(pl.col("weight") < 1)
    if light.height:
        raise MeasurementError(
            f"{light.height} units weigh less than 1, such as {light['weight'][0]}; wanted 1 over "
            "the probability of being drawn. Give that."
        )
    scored = units.filter(pl.col("score").is_not_null() & pl.col("score").is_not_nan())
    judged = scored.filter(pl.col("value").is_not_null())
    names = judged["stratum"].unique().sort().to_list()
    if sizes is not None:
        lost = [name for name in names if name not in sizes]
        if lost:
            raise MeasurementError(
                f"The stratum {lost[0]} has units and no size; wanted the size of each. Add it."
            )
        return judged, {name: float(sizes[name]) for name in names}
    sums = judged.group_by("stratum").agg(pl.col("weight").sum())
    return judged, dict(sums.sort("stratum").iter_rows())


def _grid(scores: pl.Series) -> list[float]:
    seen = scores.unique().sort()
    if seen.len() <= MOST:
        return seen.to_list()
    places = np.linspace(0, seen.len() - 1, MOST).round().astype(int)
    return seen.gather(places.tolist()).to_list()


def _lacking(
    judged: pl.DataFrame, known: pl.DataFrame, wanted: float, curve: pl.DataFrame
) -> Proposal:
    """What it takes at the threshold with the highest precision that is over the line."""
    if known.is_empty():
        need = LEAST - judged.height
        why = f"insufficient: {judged.height} judged units, {LEAST} wanted at or above a threshold"
        return Proposal(None, why, max(need, 1), None, curve)
    best = known.sort("precision_lower", "threshold", descending=[True, False]).row(0, named=True)
    above = judged.filter(pl.col("score") >= best["threshold"])
    y, w = above["value"].cast(pl.Float64).to_numpy(), above["weight"].to_numpy()
    n, k = effective(y, w)
    more = labels_needed(math.floor(k), math.ceil(n), wanted)
    if more is None:
        why = f"no threshold has more than {wanted:.0%}: the nearest, {best['threshold']:g}, has "
        return Proposal(
            None, f"{why}{best['precision']:.0%} (n = {above.height})", None, None, curve
        )
    spread = above.with_columns(
        pull=(pl.col("weight") * (pl.col("value").cast(pl.Float64) - best["precision"])) ** 2
    )
    pulls = spread.group_by("stratum").agg(pl.col("pull").sum(), pl.col("weight").sum())
    stratum = pulls.sort("pull", "weight", "stratum", descending=True)["stratum"][0]
    why = f"insufficient: {more} labels more in stratum {stratum}, all right, would do at "
    return Proposal(None, f"{why}{best['threshold']:g}", more, stratum, curve)
