"""How a product's raters do on settled units, all together."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from orchestration.measurement.golden import VIOLATING, answers_to_gold

LEAST = 20  # answers of each kind, under which nobody can say


@dataclass(frozen=True, slots=True)
class Raters:
    """Shares of settled units that were judged rightly; null under 20 answers of that kind."""

    sensitivity: float | None
    specificity: float | None
    answers: int


def raters_of(connection: Connection, product: str, now: datetime) -> Raters:
    """What answers to the product's settled units come to, as `measurement.golden` takes them."""
    given = answers_to_gold(connection, None, now).filter(product=product).drop_nulls("label")
    violating = pl.col("true") == VIOLATING
    return Raters(_right(given.filter(violating)), _right(given.filter(~violating)), given.height)


def _right(given: pl.DataFrame) -> float | None:
    if given.height < LEAST:
        return None
    return given.filter(pl.col("label") == pl.col("true")).height / given.height
