"""The evaluations of each product as a table: what drift, coverage and plots look back on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from monitors.columns import TIMESTAMP, schema
from monitors.evaluate import Span
from orchestration.lake import Lake
from orchestration.manifests import Manifest
from orchestration.partitions import day_of

TABLE = "evaluations"
EVALUATIONS = schema(
    {
        "monitor": pl.String,
        "version": pl.Int64,
        "partition": TIMESTAMP,
        "partition_end": TIMESTAMP,
        "every": pl.String,
        "as_of": TIMESTAMP,
        "intent": pl.String,
        "status": pl.String,
        "flagged": pl.Int64,
        "near": pl.Int64,
        "scored": pl.Int64,
        "null": pl.Int64,
        "rows_read": pl.Int64,
        "seconds": pl.Float64,
        "drift": pl.String,
        "canary": pl.Boolean,
    }
)


def row(manifest: Manifest, *, drift: str, canary: bool | None) -> dict[str, object]:
    """One row of the table from a manifest."""
    start, end = (
        datetime.fromisoformat(manifest.partition),
        datetime.fromisoformat(manifest.partition_end),
    )
    return {
        "monitor": manifest.monitor,
        "version": manifest.version,
        "partition": start,
        "partition_end": end,
        "every": "1d" if end - start == timedelta(days=1) else "1h",
        "as_of": datetime.fromisoformat(manifest.as_of),
        "intent": manifest.intent,
        "status": manifest.status,
        "flagged": manifest.flagged,
        "near": manifest.near,
        "scored": manifest.scored,
        "null": manifest.null,
        "rows_read": manifest.rows_read,
        "seconds": manifest.seconds,
        "drift": drift,
        "canary": canary,
    }


def record(lake: Lake, product: str, rows: Sequence[dict[str, object]]) -> None:
    """Add evaluations to the table; the last one of a monitor and partition stays."""
    new = pl.DataFrame(list(rows), schema=EVALUATIONS, orient="row")
    for day in new["partition"].dt.truncate("1d").unique().sort():
        path = lake.day_path(TABLE, product, day)
        whole = Span(day, day + timedelta(days=1))
        known = lake.scan(TABLE, [product], whole, schema=EVALUATIONS, time="partition").collect()
        today = new.filter(pl.col("partition").dt.truncate("1d") == day)
        merged = pl.concat([known, today]).unique(
            ["monitor", "partition", "every"], keep="last", maintain_order=True
        )
        lake.replace(path, merged.sort("monitor", "partition"))


def history(lake: Lake, product: str, *, until: datetime, days: int) -> pl.DataFrame:
    """Evaluations of one product of the last `days` before `until`."""
    span = Span(day_of(until) - timedelta(days=days), until)
    rows = lake.scan(TABLE, [product], span, schema=EVALUATIONS, time="partition")
    return rows.collect()
