"""Detector `changes`: how often a value changes between consecutive events of an entity."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows


def changes(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    window: timedelta,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count changes of a value between consecutive events of an entity at most `window` apart.

    One row per entity and cell of `grid` in which it has events; a change belongs to the cell of
    its later event. Events without a value are passed over: A, null, B is one change. Events at
    the same time are taken in the order of their values. Score is null where no event of the cell
    has a predecessor within `window`. Evidence: pairs `compared`, `first_change_at`,
    `last_change_at`; with `event_id`, the smallest id of an event that changed the value.

    Overlap: every pair counts once, nothing is reset, and a run of changes over a cell's edge
    is split. Zero history: null. Keys never seen: no row. Empty input: no rows. Late rows can
    raise a score, or move a change to an earlier cell. Exact when the events reach `window`
    before the cell. `window` is inclusive here, for it bounds a gap and not a set.
    """
    require_positive(window=window, grid=grid)
    rows = rows_of(events, entity=entity, time=time, value=value, event_id=event_id)
    valued = rows.filter(pl.col("value").is_not_null()).sort("entity", "time", "value")
    near = (pl.col("entity") == pl.col("entity").shift()) & (
        pl.col("time") - pl.col("time").shift() <= window
    )
    compared = valued.with_columns(
        compared=near.fill_null(value=False),
        changed=(near & (pl.col("value") != pl.col("value").shift())).fill_null(value=False),
    )
    no = pl.lit(value=False)
    without = rows.filter(pl.col("value").is_null()).with_columns(compared=no, changed=no)
    changed = pl.col("changed")
    cells = (
        pl.concat([compared, without])
        .group_by("entity", cell(grid))
        .agg(
            score=changed.sum(),
            compared=pl.col("compared").sum().cast(pl.Int64),
            first_change_at=pl.col("time").filter(changed).min(),
            last_change_at=pl.col("time").filter(changed).max(),
            **smallest(event_id, changed),
        )
        .with_columns(pl.when(pl.col("compared") > 0).then(pl.col("score")))
    )
    return windows(cells, entity=entity, grid=grid, look_back=window)
