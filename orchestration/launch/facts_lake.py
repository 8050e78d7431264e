"""What the lake says of a product's events: how many, how full their columns, how late."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from launch_checklists.facts import EventFacts
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.inputs import EVENTS
from orchestration.lake import Lake

DAYS = timedelta(days=7)
LATE = 0.95  # the share of events that `lag` covers


def events(lake: Lake, product: str, now: datetime) -> Mapping[str, EventFacts]:
    """Events of the last 7 days by contract; contracts of which the product sent none are absent.

    Columns are those of the contract as it is now: one that was renamed reads empty.
    """
    span = Span(now - DAYS, now)
    found = {}
    for name, contract in contracts().items():
        table = f"{EVENTS}/{name}"
        if product not in lake.products(table):
            continue
        rows = lake.scan(table, [product], span, schema=contract.schema)
        facts = _facts(rows, contract.schema.names())
        if facts.rows:
            found[name] = facts
    return found


def _facts(rows: pl.LazyFrame, columns: list[str]) -> EventFacts:
    late = pl.col("received_at") - pl.col("occurred_at")
    wanted = rows.select(
        n=pl.len(),
        lag=late.dt.total_microseconds().quantile(LATE, "higher"),
        newest=pl.col("occurred_at").max(),
        **{f"filled_{name}": pl.col(name).is_not_null().mean() for name in columns},
    )
    row = wanted.collect(engine="streaming").row(0, named=True)
    return EventFacts(
        rows=row["n"],
        filled={name: row[f"filled_{name}"] or 0.0 for name in columns},
        lag=None if row["lag"] is None else timedelta(microseconds=row["lag"]),
        newest=row["newest"],
    )
