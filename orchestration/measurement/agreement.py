"""How far raters agree beyond chance; every figure with its units and its interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.measurement.chance import (
    DRAWS,
    ac1,
    alpha,
    coincidences,
    coincidences_like,
    fleiss,
    kappa,
    positive_agreement,
    tables_like,
)
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import CONFIDENCE, Estimate, nothing, tail_of
from orchestration.measurement.judgements import judgements
from orchestration.measurement.rates import wilson
from orchestration.measurement.simulation import Floats

PAIR = 2
METHOD = "Bayesian bootstrap of units"
Statistic = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two raters on the units that both judged; read all four together.

    With a rare class kappa is low and AC1 high for the same labels; `positive` (2a / (2a + b + c))
    says how far they agree on what is positive. `table`: first, second, units. A figure that the
    labels leave undefined is null: kappa where both gave one and the same class throughout,
    `positive` where neither gave the positive class.
    """

    observed: Estimate
    kappa: Estimate
    ac1: Estimate
    positive: Estimate
    table: pl.DataFrame


def pair_agreement(
    labels: pl.DataFrame,
    first: str,
    second: str,
    *,
    positive: str,
    seed: int,
    confidence: float = CONFIDENCE,
) -> PairAgreement:
    """Agreement, Cohen's kappa, Gwet's AC1 and positive agreement of labels[rater, unit, label].

    kappa (po - pe) / (1 - pe), pe = sum(p1 p2) (Cohen, 1960); AC1 the same with pe =
    sum(q (1 - q)) / (classes - 1), q the mean of both raters' shares (Gwet, 2008). Units that only
    one of the two judged are left out. Raises MeasurementError as `judgements` does, for a rater
    who has no labels, and for a rater paired with themselves.
    """
    tail = tail_of(confidence)
    given = judgements(labels)
    for rater in (first, second):
        if rater not in given["rater"]:
            raise MeasurementError("One of the two raters has no label here; wanted both. Check.")
    if first == second:
        raise MeasurementError("A rater is paired with themselves; wanted two raters.")
    ours, theirs = (given.filter(rater=rater).drop("rater") for rater in (first, second))
    both = ours.join(theirs, on="unit", suffix="_2")
    table = both.group_by(first="label", second="label_2").agg(units=pl.len().cast(pl.Int64))
    classes = pl.concat([both["label"], both["label_2"], pl.Series([positive])]).unique().sort()
    size = max(2, classes.len())
    cells = np.zeros((size, size))
    for one, two, units in table.iter_rows():
        cells[classes.index_of(one) or 0, classes.index_of(two) or 0] = units
    at = classes.index_of(positive) or 0
    drawn = tables_like(cells, DRAWS, np.random.default_rng(seed))

    def estimate(of: Statistic, method: str) -> Estimate:
        return _estimate(of(cells), of(drawn), both.height, f"{method}, {METHOD}", tail)

    return PairAgreement(
        observed=wilson(int(np.trace(cells)), both.height, confidence),
        kappa=estimate(kappa, "Cohen's kappa"),
        ac1=estimate(ac1, "Gwet's AC1"),
        positive=estimate(lambda each: positive_agreement(each, at), "positive agreement"),
        table=table.sort("first", "second"),
    )


def fleiss_kappa(labels: pl.DataFrame, *, seed: int, confidence: float = CONFIDENCE) -> Estimate:
    """Fleiss' kappa (1971) of labels[rater, unit, label], every unit of equally many labels.

    (P - Pe) / (1 - Pe): P the mean share of agreeing pairs of a unit, Pe = sum(p_j^2). Null where
    all labels are of one class. Raises MeasurementError as `judgements` does, and where units have
    unequally many labels or only one: take `krippendorff_alpha`.
    """
    units = _counts(judgements(labels))
    sizes = np.unique(units.sum(axis=1))
    if sizes.size > 1 or (sizes.size == 1 and sizes[0] < PAIR):
        raise MeasurementError(
            f"Units have {int(sizes[0])} to {int(sizes[-1])} labels; wanted equally many for each, "
            "and at least 2. Take krippendorff_alpha, which allows for missing labels."
        )
    return _of_units(units, fleiss, "Fleiss' kappa", seed, confidence)


def krippendorff_alpha(
    labels: pl.DataFrame, *, seed: int, confidence: float = CONFIDENCE
) -> Estimate:
    """Krippendorff's alpha for nominal labels[rater, unit, label]; labels may be missing.

    1 - Do / De over the coincidences of values within units, each unit weighing its labels less
    one (Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011). Units with fewer than two
    labels are left out; n is the others. Null where these labels are of one class, or there are
    none. Raises MeasurementError as `judgements` does.
    """
    units = _counts(judgements(labels))
    paired = units[units.sum(axis=1) >= PAIR]
    return _of_units(paired, alpha, "Krippendorff's alpha, nominal", seed, confidence)


def _counts(given: pl.DataFrame) -> Floats:
    """How often each unit got each class, [unit, class]."""
    wide = given.pivot("label", index="unit", values="rater", aggregate_function="len")
    counts: Floats = wide.drop("unit").fill_null(0).cast(pl.Float64).to_numpy()
    return counts


def _of_units(units: Floats, of: Statistic, method: str, seed: int, confidence: float) -> Estimate:
    tail, full = tail_of(confidence), f"{method}, {METHOD}"
    if len(units) == 0:
        return nothing(0, full, confidence)
    kinds, times = np.unique(units, axis=0, return_counts=True)
    cells = np.stack([coincidences(kind) for kind in kinds])
    drawn = coincidences_like(times, cells, DRAWS, np.random.default_rng(seed))
    return _estimate(of(np.tensordot(times, cells, axes=1)), of(drawn), len(units), full, tail)


def _estimate(value: Floats, drawn: Floats, n: int, method: str, tail: float) -> Estimate:
    if not np.isfinite(value):
        return nothing(n, method, 1 - tail)
    known = drawn[np.isfinite(drawn)]
    lower, upper = np.quantile(known, [tail / 2, 1 - tail / 2])
    point = float(value)
    return Estimate(point, min(point, float(lower)), max(point, float(upper)), n, method, 1 - tail)
