"""How far people agree on the units that two of them judged, and a cross-check without gold."""

import polars as pl

from orchestration.measurement.agreement import krippendorff_alpha, pair_agreement
from orchestration.measurement.dawid_skene import dawid_skene
from orchestration.measurement.estimates import Estimate
from orchestration.measurement.rater_answers import BENIGN, VIOLATING
from orchestration.measurement.reviewers import LEAST

SEED = 6  # of simulated intervals: the same answers give the same interval
FIRST, SECOND = "first", "second"
ENOUGH = 3  # raters, under which nothing tells whose errors are whose
MEASURED, FEW = "measured", "insufficient"
MEASURES = {VIOLATING: "sensitivity", BENIGN: "specificity"}
AGREEMENT = pl.Schema(
    {
        "product": pl.String(),
        "measure": pl.String(),
        "value": pl.Float64(),
        "lower": pl.Float64(),
        "upper": pl.Float64(),
        "n": pl.Int64(),
        "raters": pl.Int64(),
        "state": pl.String(),
        "method": pl.String(),
    }
)
LATENT = pl.Schema(
    {
        "product": pl.String(),
        "rater": pl.String(),
        "measure": pl.String(),
        "value": pl.Float64(),
        "lower": pl.Float64(),
        "upper": pl.Float64(),
        "n": pl.Float64(),
        "state": pl.String(),
    }
)


def agreement(doubles: pl.DataFrame) -> pl.DataFrame:
    """Observed agreement, kappa, AC1, positive agreement and alpha of each product; read together.

    `doubles`[rater, unit, label, product, at]: of each unit who judged first and who next are the
    two sides; alpha is of all of its raters. Under 20 units all are null and "insufficient".
    """
    rows: list[tuple[object, ...]] = []
    for product in doubles["product"].unique().sort():
        mine = doubles.filter(product=product)
        raters = mine["rater"].n_unique()
        for measure, found in _measures(mine).items():
            known = found.n >= LEAST and found.value is not None
            ends = (found.value, found.lower, found.upper) if known else (None, None, None)
            state = MEASURED if known else FEW
            rows.append((product, measure, *ends, found.n, raters, state, found.method))
    return pl.DataFrame(rows, schema=AGREEMENT, orient="row")


def cross_check(doubles: pl.DataFrame) -> pl.DataFrame:
    """Each rater's sensitivity and specificity by Dawid-Skene, without gold, by product.

    Only a check of what gold says: raters who err alike pass for the truth. Insufficient where
    fewer than three people judged units together, and for a rater of under 20 units.
    """
    rows: list[tuple[object, ...]] = []
    for product in doubles["product"].unique().sort():
        mine = doubles.filter(product=product)
        few = mine["rater"].n_unique() < ENOUGH
        _, raters = dawid_skene(mine)
        diagonal = raters.filter(pl.col("truth") == pl.col("label"))
        for rater, truth, rate, lower, upper, n in diagonal.select(
            "rater", "truth", "rate", "lower", "upper", "n"
        ).iter_rows():
            known = not few and n >= LEAST
            ends = (rate, lower, upper) if known else (None, None, None)
            state = MEASURED if known else FEW
            rows.append((product, rater, MEASURES[truth], *ends, n, state))
    return pl.DataFrame(rows, schema=LATENT, orient="row").sort("product", "rater", "measure")


def _measures(mine: pl.DataFrame) -> dict[str, Estimate]:
    ordered = mine.sort("unit", "at", "rater").with_columns(
        place=pl.int_range(pl.len()).over("unit")
    )
    sides = ordered.filter(pl.col("place") < 2).select(  # noqa: PLR2004 - a pair
        "unit",
        "label",
        rater=pl.when(pl.col("place") == 0).then(pl.lit(FIRST)).otherwise(pl.lit(SECOND)),
    )
    pair = pair_agreement(sides, FIRST, SECOND, positive=VIOLATING, seed=SEED)
    return {
        "observed": pair.observed,
        "kappa": pair.kappa,
        "ac1": pair.ac1,
        "positive": pair.positive,
        "alpha": krippendorff_alpha(mine, seed=SEED),
    }
