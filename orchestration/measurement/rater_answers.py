"""What people answered, on gold and on drawn units, and what became of it, as frames."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, or_, select

from orchestration.ledger.labels import Source, latest
from orchestration.ledger.labels import labels_on as labels_of_units
from orchestration.ledger.tables import (
    answers,
    appeals,
    decisions,
    enforcements,
    golden,
    review_tasks,
)

VIOLATING, BENIGN = "violating", "benign"
WORDS = {True: VIOLATING, False: BENIGN}
LOST = ("overturned", "partial")
TIME = pl.Datetime("us", "UTC")
ANSWERS = pl.Schema(
    {
        "rater": pl.String(),
        "unit": pl.String(),
        "label": pl.String(),
        "product": pl.String(),
        "at": TIME,
    }
)
GOLD = pl.Schema({**ANSWERS, "true": pl.String()})
CASES = pl.Schema({"rater": pl.String(), "product": pl.String(), "lost": pl.Boolean()})


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open time of the answers, and whose product; null is all."""

    start: datetime
    end: datetime
    product: str | None = None


def drawn_answers(connection: Connection, span: Span) -> pl.DataFrame:
    """Answers to drawn units (ANSWERS); `label` is null where the verdict is no truth.

    A unit that a rater judged twice counts as they did last.
    """
    a, t = answers.c, review_tasks.c
    columns = (a.rater, a.unit_id, a.verdict, t.product, a.answered_at)
    mine = select(*columns).join(review_tasks, t.task_id == a.task_id)
    mine = mine.where(t.kind != "golden", *_inside(span, a.answered_at, t.product))
    return _newest(_read(connection, mine, ANSWERS))


def gold_answers(connection: Connection, span: Span) -> pl.DataFrame:
    """Answers to gold (GOLD), `unit` the item and `true` its truth.

    Items that leaked, were wrong, or were of a policy that changed measure nobody.
    """
    a, t, g = answers.c, review_tasks.c, golden.c
    value = (a.rater, g.golden_id, a.verdict, t.product, a.answered_at, g.value)
    joined = select(*value).join(review_tasks, t.task_id == a.task_id)
    mine = joined.join(golden, g.golden_id == t.golden_id).where(
        or_(g.retired_why.is_(None), g.retired_why == "expired"),
        *_inside(span, a.answered_at, t.product),
    )
    rows = [(*row[:5], WORDS[row[5]]) for row in connection.execute(mine)]
    return _newest(_known(pl.DataFrame(rows, schema=GOLD, orient="row")))


def settled_answers(connection: Connection, doubles: pl.DataFrame) -> pl.DataFrame:
    """Of answers to units that two judged, whether an adjudication said otherwise (CASES)."""
    units = doubles["unit"].unique().to_list()
    every = labels_of_units(connection, units)
    ruled = latest(one for one in every if one.source is Source.ADJUDICATION)
    rows = [(one.unit_id, WORDS[one.value]) for one in ruled]
    truth = pl.DataFrame(rows, schema={"unit": pl.String, "true": pl.String}, orient="row")
    against = (pl.col("label") != pl.col("true")).fill_null(value=False)
    return doubles.join(truth, on="unit", how="left").select("rater", "product", lost=against)


def appealed_decisions(connection: Connection, span: Span) -> pl.DataFrame:
    """Decided appeals, by who had decided the case: whether they lost it (CASES)."""
    a, e, d = appeals.c, enforcements.c, decisions.c
    joined = select(d.decider, a.product, a.outcome).join(
        enforcements, e.enforcement_id == a.enforcement_id
    )
    mine = joined.join(decisions, d.decision_id == e.decision_id).where(
        a.outcome.is_not(None), *_inside(span, a.decided_at, a.product)
    )
    rows = [(who, product, outcome in LOST) for who, product, outcome in connection.execute(mine)]
    return pl.DataFrame(rows, schema=CASES, orient="row")


def doubles_of(given: pl.DataFrame) -> pl.DataFrame:
    """The answers, with a truth, to units that two people or more judged."""
    said = given.filter(pl.col("label").is_not_null())
    return said.filter(pl.col("rater").n_unique().over("unit") > 1)


def _inside(
    span: Span, at: ColumnElement[Any], product: ColumnElement[str]
) -> list[ColumnElement[bool]]:
    mine = [] if span.product is None else [product == span.product]
    return [at >= span.start, at < span.end, *mine]


def _read(connection: Connection, wanted: Select[Any], schema: pl.Schema) -> pl.DataFrame:
    rows = [tuple(row) for row in connection.execute(wanted)]
    return _known(pl.DataFrame(rows, schema=schema, orient="row"))


def _known(given: pl.DataFrame) -> pl.DataFrame:
    said = pl.col("label").is_in([VIOLATING, BENIGN])
    return given.with_columns(pl.when(said).then(pl.col("label")))


def _newest(given: pl.DataFrame) -> pl.DataFrame:
    ordered = given.sort("at", "unit", "rater")
    return ordered.unique(["rater", "unit"], keep="last", maintain_order=True)
