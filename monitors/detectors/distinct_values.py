"""Detector `distinct_values`: most distinct values that an entity used in any window."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, peak, require_positive, rows_of, windows

LEAVES, ARRIVES = 0, 1  # at equal times a value leaves before another arrives: half-open windows


def distinct_values(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    window: timedelta,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the distinct values of an entity in the richest window that ends in a cell.

    One row per entity and cell of `grid` in which it has events. The window that ends with an
    event at t holds the events with t - window < t' <= t; score is the largest number of distinct
    `value`s over the events of the cell. Null values count for nothing; score is null when no
    window of the cell holds a value. Evidence: `peak_at`, the earliest event at which the score
    is reached; `events` in the cell; with `event_id`, the smallest id in the cell.

    Overlap: windows overlap and nothing is reset after a match. Zero history: the first value
    scores 1. Keys never seen: no row. Empty input: no rows. Late rows can only raise scores, of
    cells that begin up to `window` after them. Exact when the events reach `window` before the
    cell. A sweep over arrivals and departures: linear after sorting, however busy an entity is.
    """
    require_positive(window=window, grid=grid)
    rows = rows_of(events, entity=entity, time=time, value=value, event_id=event_id)
    steps = _steps(rows, window).sort("entity", "time", "order")
    # Every arrival has its departure, so the running sum is back at zero after each entity.
    levels = steps.with_columns(level=pl.col("step").cum_sum()).filter(pl.col("order") == ARRIVES)
    cells = peak(levels, event_id=event_id, grid=grid).with_columns(
        pl.when(pl.col("score") > 0).then(pl.col("score"))
    )
    return windows(cells, entity=entity, grid=grid, look_back=window)


def _steps(rows: pl.LazyFrame, window: timedelta) -> pl.LazyFrame:
    """One row per event, +1 where its value enters the window, and one per departure, -1."""
    again = (
        pl.col("entity").eq(pl.col("entity").shift())
        & pl.col("value").eq_missing(pl.col("value").shift())
        & (pl.col("time") - pl.col("time").shift() < window)
    )
    enters = pl.col("enters")
    rows = (
        rows.sort("entity", "value", "time")
        .with_columns(enters=~again.fill_null(value=False))
        .with_columns(last=enters.shift(-1).fill_null(value=True))
    )
    valued = pl.col("value").is_not_null()
    step = (enters & valued).cast(pl.Int64)
    arrivals = rows.with_columns(step=step, order=pl.lit(ARRIVES, pl.Int8))
    departures = rows.filter(pl.col("last"), valued).with_columns(
        pl.col("time") + window, step=pl.lit(-1, pl.Int64), order=pl.lit(LEAVES, pl.Int8)
    )
    return pl.concat([arrivals, departures])
