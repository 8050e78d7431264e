"""Scores of the texts in the lake: a table of one classifier, an hour a file, without any text."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from monitors.columns import TIMESTAMP
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.classifiers.harms import CLASSIFIERS
from orchestration.classifiers.pipelines import Model
from orchestration.classifiers.score import score
from orchestration.lake import Lake
from orchestration.partitions import HOUR

SCORES, TEXT = "scores_", "text"


def schema(name: str) -> pl.Schema:
    """Columns of the table of a classifier; a head is null where an event has no text."""
    return pl.Schema(
        {
            "event_id": pl.String(),
            "product": pl.String(),
            "contract": pl.String(),
            "occurred_at": TIMESTAMP,
            "model": pl.String(),
            **dict.fromkeys(CLASSIFIERS[name], pl.Float64()),
        }
    )


def score_hour(lake: Lake, model: Model, model_id: str, hour: datetime) -> pl.DataFrame:
    """Score every text of an hour of every product, and put the rows in the lake anew.

    An event with several texts has the highest probability of them. The rows, of `schema`.
    """
    span = Span(hour, hour + HOUR)
    parts = [_scored(model, model_id, *told) for told in _texts(lake, span)]
    rows = pl.concat([pl.DataFrame(schema=schema(model.name)), *parts])
    for product in {*rows["product"].unique(), *lake.products(f"{SCORES}{model.name}")}:
        own = rows.filter(pl.col("product") == product)
        lake.replace(lake.hour_path(f"{SCORES}{model.name}", product, hour), own)
    return rows


def scores(lake: Lake, name: str, span: Span) -> pl.DataFrame:
    """Rows of the table of a classifier in a span, of all products."""
    table = f"{SCORES}{name}"
    found = lake.scan(table, lake.products(table), span, schema=schema(name))
    return found.collect().sort("occurred_at", "product", "contract", "event_id")


def _texts(lake: Lake, span: Span) -> Iterator[tuple[str, list[str], pl.DataFrame]]:
    """Each contract with text: its name, its columns of text, and its rows in the span."""
    for contract in contracts().values():
        if contract.text:
            table = f"{TEXT}/{contract.name}"
            found = lake.scan(table, lake.products(table), span, schema=contract.text_schema)
            written = [column.name for column in contract.text]
            yield contract.name, written, found.sort("occurred_at", "event_id").collect()


def _scored(
    model: Model, model_id: str, contract: str, written: list[str], rows: pl.DataFrame
) -> pl.DataFrame:
    told = [score(model, rows[column]) for column in written]
    highest = {
        head: pl.concat(
            [one.select(head).rename({head: f"{i}"}) for i, one in enumerate(told)],
            how="horizontal",
        )
        .select(pl.max_horizontal(pl.all()))
        .to_series()
        for head in model.heads
    }
    return (
        rows.select("event_id", "product", "occurred_at")
        .with_columns(contract=pl.lit(contract), model=pl.lit(model_id), **highest)
        .select([pl.col(name).cast(dtype) for name, dtype in schema(model.name).items()])
    )
