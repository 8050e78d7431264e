"""How reviewers agree, how they do on gold, what of theirs was overturned, and who needs help.

Nobody is ranked: rows are in order of id, and under 20 of a kind nothing is said of a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection

from orchestration.ledger.ids import check_time
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.golden import LINE, RECENT
from orchestration.measurement.rater_agreement import FEW, MEASURED, agreement, cross_check
from orchestration.measurement.rater_answers import (
    VIOLATING,
    Span,
    appealed_decisions,
    doubles_of,
    drawn_answers,
    gold_answers,
    settled_answers,
)
from orchestration.measurement.rates import clopper_pearson
from orchestration.measurement.reviewers import LEAST, calibrate, drift

BOTH = 2  # kinds of gold: violating, and benign
SKILLS = ("sensitivity", "specificity")
REVIEWERS = pl.Schema(
    {
        "product": pl.String(),
        "rater": pl.String(),
        "measure": pl.String(),
        "value": pl.Float64(),
        "lower": pl.Float64(),
        "upper": pl.Float64(),
        "n": pl.Int64(),
        "state": pl.String(),
    }
)
DRIFT = pl.Schema(
    {
        "product": pl.String(),
        "rater": pl.String(),
        "n": pl.Int64(),
        "errors": pl.Int64(),
        "alarm": pl.Boolean(),
        "at": pl.Datetime("us", "UTC"),
    }
)
HELP = pl.Schema({"product": pl.String(), "rater": pl.String(), "why": pl.String()})


@dataclass(frozen=True, slots=True)
class ReviewerReport:
    """What is known of reviewers of `[start, end)`.

    `agreement`: `rater_agreement.AGREEMENT`. `reviewers`: sensitivity and specificity on gold,
    answers settled against them of those that two judged (`second review`), and decisions lost on
    appeal (`appeals`; who appeals chooses to). `drift`: whether they have come to err more on gold.
    `cross_check`: the same skills without gold. `help`: who surely errs too much, and why.
    """

    start: datetime
    end: datetime
    agreement: pl.DataFrame
    reviewers: pl.DataFrame
    drift: pl.DataFrame
    cross_check: pl.DataFrame
    help: pl.DataFrame


def reviewer_report(
    connection: Connection,
    *,
    now: datetime,
    since: timedelta = RECENT,
    product: str | None = None,
) -> ReviewerReport:
    """The report on what was answered, or lost on appeal, in the time `since` before `now`.

    Needs help: who has a sensitivity or specificity on gold whose whole 95 % interval is under
    0.80, or has come to err more. Raises LedgerError for a time without a zone, and
    MeasurementError for no time at all.
    """
    if since <= timedelta(0):
        raise MeasurementError(
            f"A time of {since} was asked for; wanted more than none. Give days."
        )
    span = Span(check_time("now", now) - since, now, product)
    gold = gold_answers(connection, span)
    doubles = doubles_of(drawn_answers(connection, span))
    reviewers = pl.concat(
        [
            skills(gold),
            overturns("second review", settled_answers(connection, doubles)),
            overturns("appeals", appealed_decisions(connection, span)),
        ]
    ).sort("product", "rater", "measure")
    drifts = drifts_of(gold)
    return ReviewerReport(
        span.start,
        span.end,
        agreement(doubles),
        reviewers,
        drifts,
        cross_check(doubles),
        help_of(reviewers, drifts),
    )


def skills(gold: pl.DataFrame) -> pl.DataFrame:
    """Sensitivity and specificity of gold[rater, unit, label, true, product], by product.

    Where a product's gold is all of one kind, nothing is said of anybody.
    """
    found = [pl.DataFrame(schema=REVIEWERS)]
    for product in gold["product"].unique().sort():
        mine = gold.filter(product=product)
        truth = mine.select("unit", label="true").unique()
        if truth["label"].n_unique() == BOTH:
            rows = calibrate(mine, truth, positive=VIOLATING)
        else:
            raters = mine.select("rater", n=pl.lit(0, pl.Int64)).unique()
            names = pl.DataFrame({"measure": SKILLS})
            rows = raters.join(names, how="cross").with_columns(
                pl.lit(None, pl.Float64).alias(name) for name in ("value", "lower", "upper")
            )
            rows = rows.with_columns(state=pl.lit(FEW))
        found.append(rows.with_columns(product=pl.lit(product)).select(REVIEWERS.names()))
    return pl.concat(found)


def overturns(measure: str, given: pl.DataFrame) -> pl.DataFrame:
    """The share lost of given[rater, product, lost], exact; null under 20."""
    rows: list[tuple[object, ...]] = []
    counted = given.group_by("product", "rater").agg(k=pl.col("lost").sum(), n=pl.len())
    for product, rater, k, n in counted.sort("product", "rater").iter_rows():
        found = clopper_pearson(k, n)
        known = n >= LEAST
        ends = (found.value, found.lower, found.upper) if known else (None, None, None)
        rows.append((product, rater, measure, *ends, n, MEASURED if known else FEW))
    return pl.DataFrame(rows, schema=REVIEWERS, orient="row")


def drifts_of(gold: pl.DataFrame) -> pl.DataFrame:
    """Whether raters have come to err more on gold, by product; false under 20 items."""
    found = [pl.DataFrame(schema=DRIFT)]
    for product in gold["product"].unique().sort():
        mine = gold.filter(product=product)
        truth = mine.select("unit", label="true").unique()
        if truth["label"].n_unique() == BOTH:
            rows = drift(mine.select("rater", "unit", "label", "at"), truth, positive=VIOLATING)
            found.append(rows.with_columns(product=pl.lit(product)).select(DRIFT.names()))
    return pl.concat(found)


def help_of(reviewers: pl.DataFrame, drifts: pl.DataFrame) -> pl.DataFrame:
    """Who needs help and why, in order of product and id."""
    under = reviewers.filter(
        pl.col("measure").is_in(SKILLS), pl.col("state") == MEASURED, pl.col("upper") < LINE
    )
    rows = [
        (product, rater, f"{measure} on gold surely under {LINE:.0%} (n = {n})")
        for product, rater, measure, n in under.select(
            "product", "rater", "measure", "n"
        ).iter_rows()
    ]
    rows += [
        (product, rater, f"errs more on gold since {at:%Y-%m-%d} ({errors} of {n})")
        for product, rater, n, errors, _, at in drifts.filter("alarm").iter_rows()
    ]
    return pl.DataFrame(sorted(rows), schema=HELP, orient="row")
