"""How well each reviewer finds what is known, and whether that has changed; no ranks."""

import math

import polars as pl

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import (
    CONFIDENCE,
    check_columns,
    check_whole,
    tail_of,
)
from orchestration.measurement.judgements import judgements
from orchestration.measurement.rates import clopper_pearson

LEAST = 20  # gold items of a kind, under which nothing is said of a person
ALARM_LEAST = 20
RATIO, LIMIT = 3.0, 5.0
ERROR = 0.1


def calibrate(
    labels: pl.DataFrame,
    gold: pl.DataFrame,
    *,
    positive: str,
    least: int = LEAST,
    confidence: float = CONFIDENCE,
) -> pl.DataFrame:
    """Sensitivity and specificity of raters: labels[rater, unit, label] against gold[unit, label].

    One row for each `rater` and `measure`: `value` is k/n with `lower` and `upper` of Clopper and
    Pearson's interval (quantiles of Beta(k, n - k + 1) and Beta(k + 1, n - k)), `state` is
    "measured". Under `least` items of a kind, that is "insufficient" and value, k and interval are
    null: a figure of so few says nothing of a person. A rater without gold items has n 0. Units
    that are not gold, and null labels, count nowhere. Sorted by rater, which is no rank.

    Raises MeasurementError as `judgements` does, for a gold unit twice or without a label, and for
    gold in which nothing, or everything, is positive.
    """
    tail_of(confidence)
    truth, given = _truth(gold, positive), judgements(labels)
    both = given.join(truth, on="unit").with_columns(bad=pl.col("label") == positive)
    right = pl.col("bad") == pl.col("true")
    counted = both.group_by("rater", "true").agg(n=pl.len(), k=right.sum())
    kinds = pl.DataFrame({"measure": ["sensitivity", "specificity"], "true": [True, False]})
    every = given.select(pl.col("rater").unique()).join(kinds, how="cross")
    found = every.join(counted, on=["rater", "true"], how="left").sort("rater", "measure")
    rows = [
        _row(rater, measure, k or 0, n or 0, least, confidence)
        for rater, measure, k, n in found.select("rater", "measure", "k", "n").iter_rows()
    ]
    texts = dict.fromkeys(("rater", "measure", "state", "method"), pl.String)
    numbers = dict.fromkeys(("value", "lower", "upper"), pl.Float64)
    schema = texts | {"n": pl.Int64, "k": pl.Int64} | numbers
    return pl.DataFrame(rows, schema=schema)


def drift(
    labels: pl.DataFrame,
    gold: pl.DataFrame,
    *,
    positive: str,
    error: float = ERROR,
    ratio: float = RATIO,
    limit: float = LIMIT,
) -> pl.DataFrame:
    """Whether raters have come to err more on gold items, of labels[rater, unit, label, at].

    A Bernoulli CUSUM (Reynolds and Stoumbos, 1999) over each rater's gold items in order of `at`:
    S = max(0, S + log-likelihood ratio of this outcome), between a share of errors of `error` and
    one of `ratio` times the odds. `alarm` is true where S was ever over `limit`, at an item no
    earlier than the rater's 20th; `at` is when first, null if never. With the defaults a rater who
    errs in 10 % as always is alarmed for once in about 2,700 items, one who has come to err in
    30 % after about 34.

    One row for each rater with a gold item: rater, n, errors, cusum (the last S), alarm, at,
    method. Raises MeasurementError as `calibrate` does, for a null `at`, and for an error or ratio
    that cannot be.
    """
    if not (0 < error < 1 and ratio > 1 and limit > 0):
        raise MeasurementError(
            f"error {error}, ratio {ratio}, limit {limit} were given; wanted an error within 0 and "
            "1, a ratio over 1 and a limit over 0."
        )
    check_columns("labels", labels, ("at",))
    check_whole("labels", labels, ("at",))
    keys = labels.select(pl.col("rater", "unit").cast(pl.String), "at").unique(["rater", "unit"])
    given = judgements(labels).join(keys, on=["rater", "unit"])
    items = given.join(_truth(gold, positive), on="unit").sort("rater", "at", "unit")
    odds = ratio * error / (1 - error)
    worse = odds / (1 + odds)
    wrong = (pl.col("label") == positive) != pl.col("true")
    step = (
        pl.when(wrong).then(math.log(worse / error)).otherwise(math.log((1 - worse) / (1 - error)))
    )
    walk = items.with_columns(wrong=wrong, walk=step.cum_sum().over("rater"))
    # max(0, S + x) is the walk less its lowest point so far, the start included.
    lowest = pl.min_horizontal(pl.col("walk").cum_min().over("rater"), 0.0)
    place = pl.int_range(pl.len()).over("rater") + 1
    scored = walk.with_columns(cusum=pl.col("walk") - lowest, place=place)
    over = (pl.col("cusum") > limit) & (pl.col("place") >= ALARM_LEAST)
    return (
        scored.group_by("rater", maintain_order=True)
        .agg(
            n=pl.len().cast(pl.Int64),
            errors=pl.col("wrong").sum().cast(pl.Int64),
            cusum=pl.col("cusum").last(),
            alarm=over.any(),
            at=pl.col("at").filter(over).min(),
        )
        .with_columns(method=pl.lit("Bernoulli CUSUM on gold"))
    )


def _truth(gold: pl.DataFrame, positive: str) -> pl.DataFrame:
    check_columns("gold", gold, ("unit", "label"))
    check_whole("gold", gold, ("unit", "label"))
    known = gold.select(pl.col("unit", "label").cast(pl.String))
    if known["unit"].is_duplicated().any():
        raise MeasurementError("A gold unit is given twice; wanted one truth. Keep its version.")
    true = known.select("unit", true=pl.col("label") == positive)
    bad = int(true["true"].sum())
    if bad in (0, true.height):
        raise MeasurementError(
            f"{bad} of {true.height} gold units are {positive}; wanted some that are and some that "
            "are not, or one of the two measures has nothing to go by. Add the others."
        )
    return true


def _row(  # noqa: PLR0917 - one row's cells
    rater: str, measure: str, k: int, n: int, least: int, confidence: float
) -> dict[str, str | float | None]:
    found = clopper_pearson(k, n, confidence)
    head: dict[str, str | float | None] = {
        "rater": rater,
        "measure": measure,
        "n": n,
        "method": found.method,
    }
    if n < max(least, 1):
        return {**head, "state": "insufficient"}
    ends = {"value": found.value, "lower": found.lower, "upper": found.upper}
    return {**head, **ends, "k": k, "state": "measured"}
