"""Detector `sliding_count`: most events of an entity in any window."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, peak, require_positive, rows_of, windows


def sliding_count(
    events: pl.LazyFrame,
    *,
    entity: str,
    window: timedelta,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the events of an entity in the fullest window that ends in a cell.

    One row per entity and cell of `grid` in which it has events. The window that ends with an
    event at t holds the events with t - window < t' <= t; score is the largest count over the
    events of the cell. Evidence: `peak_at`, the earliest event at which the score is reached;
    `events` in the cell; with `event_id`, the smallest id in the cell.

    Overlap: windows overlap and nothing is reset after a match. Zero history: an entity's first
    event scores 1. Never null. Keys never seen: no row. Empty input: no rows. Late rows can only
    raise scores, of cells that begin up to `window` after them. Exact when the events reach
    `window` before the cell. Source: the scan statistic with a fixed window (Naus, 1965).
    """
    require_positive(window=window, grid=grid)
    rows = rows_of(events, entity=entity, time=time, event_id=event_id)
    levels = rows.sort("entity", "time").with_columns(
        level=pl.len().rolling("time", period=window).over("entity").cast(pl.Int64)
    )
    cells = peak(levels, event_id=event_id, grid=grid)
    return windows(cells, entity=entity, grid=grid, look_back=window)
