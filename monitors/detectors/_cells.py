"""What detectors share: rows under fixed names, cells of the grid, and the peak within a cell.

A cell is `[start, start + grid)`, aligned to the UTC epoch. Inside a detector the columns are
called entity, time, value and event_id whatever the caller calls them, so no name can collide.
"""

from datetime import timedelta

import polars as pl

from monitors.errors import MonitorError

HOUR = timedelta(hours=1)


def rows_of(
    events: pl.LazyFrame,
    *,
    entity: str,
    time: str,
    value: str | None = None,
    event_id: str | None = None,
    **more: pl.Expr,
) -> pl.LazyFrame:
    """Pick the columns that a detector reads; rows without entity or time are left out."""
    named = {"entity": entity, "time": time, "value": value, "event_id": event_id}
    columns = {name: pl.col(column) for name, column in named.items() if column is not None}
    return events.select(**columns, **more).filter(
        pl.col("entity").is_not_null(), pl.col("time").is_not_null()
    )


def cell(grid: timedelta) -> pl.Expr:
    """Start of the cell in which a row's `time` lies."""
    return pl.col("time").dt.truncate(grid).alias("cell")


def smallest(event_id: str | None, where: pl.Expr | None = None) -> dict[str, pl.Expr]:
    """Aggregation that gives the smallest event_id as evidence, where the caller asked for it."""
    if event_id is None:
        return {}
    ids = pl.col("event_id")
    return {"event_id": (ids if where is None else ids.filter(where)).min()}


def windows(
    cells: pl.LazyFrame, *, entity: str, grid: timedelta, look_back: timedelta = timedelta(0)
) -> pl.LazyFrame:
    """Turn `cell` into window_start and window_end, and put the identity first."""
    return cells.select(
        pl.col("entity").alias(entity),
        pl.col("score").cast(pl.Float64),
        (pl.col("cell") - look_back).alias("window_start"),
        (pl.col("cell") + grid).alias("window_end"),
        pl.exclude("entity", "score", "cell"),
    )


def peak(levels: pl.LazyFrame, *, event_id: str | None, grid: timedelta) -> pl.LazyFrame:
    """Highest `level` per entity and cell, with the earliest time at which it is reached.

    Two group-bys: within equal levels the earliest time is a plain minimum, which makes the
    answer the same for any order of rows.
    """
    equal = levels.group_by("entity", cell(grid), "level").agg(
        peak_at=pl.col("time").min(), events=pl.len().cast(pl.Int64), **smallest(event_id)
    )
    return equal.group_by("entity", "cell").agg(
        score=pl.col("level").max(),
        peak_at=pl.col("peak_at").max_by("level"),
        events=pl.col("events").sum(),
        **smallest(event_id),
    )


def require_positive(**spans: float | timedelta) -> None:
    """Raise MonitorError that names the argument when one is not greater than nothing."""
    for name, span in spans.items():
        size = span.total_seconds() if isinstance(span, timedelta) else span
        if size <= 0:
            raise MonitorError(f"'{name}' is {span}; give something greater than nothing.")
