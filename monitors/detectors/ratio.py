"""Detector `ratio`: share of an entity's events for which something holds."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows


def ratio(
    events: pl.LazyFrame,
    *,
    entity: str,
    hit: pl.Expr,
    minimum: int,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Share of the events of a calendar bucket for which `hit` is true.

    One row per entity and bucket of length `grid` in which it has events. Score is hits / events,
    from 0 to 1, where an event whose `hit` is null counts in neither; null under `minimum`
    events. Evidence: `hits` and `events`; with `event_id`, the smallest id of a hit.

    Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no row. Empty
    input: no rows. Late rows raise or lower the score of their own bucket.
    """
    require_positive(minimum=minimum, grid=grid)
    rows = rows_of(events, entity=entity, time=time, event_id=event_id, hit=hit.cast(pl.Boolean))
    cells = (
        rows.group_by("entity", cell(grid))
        .agg(
            hits=pl.col("hit").sum().cast(pl.Int64),
            events=pl.col("hit").count().cast(pl.Int64),
            **smallest(event_id, pl.col("hit")),
        )
        .with_columns(
            score=pl.when(pl.col("events") >= minimum).then(pl.col("hits") / pl.col("events"))
        )
    )
    return windows(cells, entity=entity, grid=grid)
