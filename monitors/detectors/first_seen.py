"""Detector `first_seen`: values that an entity never used before."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows


def first_seen(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    history: pl.LazyFrame | None,
    grid: timedelta = HOUR,
    time: str = "occurred_at",
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the distinct values in a cell that the entity had never used before the cell began.

    One row per entity and cell of `grid` in which it has events. `history` has one or more rows
    per entity and value under the same column names and `first_seen`, such as a baseline by
    entity and value; rows from the cell's start on are not history, so a later history gives the
    same answer. None takes the first uses in `events` themselves, which must then reach back as
    far as history is wanted. Null values count for nothing. Evidence: distinct `values` in the
    cell, `new_values`, and `first_new_at`; with `event_id`, the smallest id of a new value.

    Overlap: a value is new in every cell until `history` has it; with None, in one cell. Zero
    history: null for an entity without any history, whatever it does, and where a cell holds no
    value. Keys never seen: null. Empty input: no rows. Late rows change the cell they are in,
    and, with None, take `new` away from later cells.
    """
    require_positive(grid=grid)
    rows = rows_of(events, entity=entity, time=time, value=value, event_id=event_id)
    used = rows.group_by("entity", cell(grid), "value").agg(
        pl.col("time").min(), **smallest(event_id)
    )
    seen = _seen(rows, history, entity=entity, value=value)
    since = seen.group_by("entity").agg(since=pl.col("seen").min())
    new = pl.col("value").is_not_null() & (pl.col("seen") < pl.col("cell")).not_().fill_null(True)
    known = pl.col("since") < pl.col("cell")
    cells = (
        used.join(seen, on=["entity", "value"], how="left")
        .join(since, on="entity", how="left")
        .with_columns(new=new, known=known.fill_null(value=False))
        .group_by("entity", "cell")
        .agg(
            known=pl.col("known").all(),
            values=pl.col("value").is_not_null().sum().cast(pl.Int64),
            new_values=pl.col("new").sum().cast(pl.Int64),
            first_new_at=pl.col("time").filter(pl.col("new")).min(),
            **smallest(event_id, pl.col("new")),
        )
    )
    told = pl.col("known") & (pl.col("values") > 0)
    scored = cells.with_columns(score=pl.when(told).then(pl.col("new_values"))).drop("known")
    return windows(scored, entity=entity, grid=grid)


def _seen(
    rows: pl.LazyFrame, history: pl.LazyFrame | None, *, entity: str, value: str
) -> pl.LazyFrame:
    """One row per entity and value: when it was first used."""
    uses = (
        rows.select("entity", "value", seen="time")
        if history is None
        else history.select(entity=entity, value=value, seen="first_seen")
    )
    return uses.drop_nulls().group_by("entity", "value").agg(pl.col("seen").min())
