"""Detector `unlisted`: events of an entity whose value is not on a list of what is allowed."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows
from monitors.errors import MonitorError


def unlisted(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    allowed: Sequence[str],
    case_sensitive: bool = False,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the events of a calendar bucket whose value is none of those allowed.

    One row per entity and bucket of length `grid` in which it has events. A value is allowed when
    it equals one of `allowed`, upper and lower case being alike unless `case_sensitive`. An event
    without a value counts for nothing, and the score is null where no event of the bucket has one.
    Evidence: `distinct_unlisted` values, `events` with a value,
    `first_unlisted_at`; with `event_id`, the smallest id of an unlisted event.

    Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no row. Empty
    input: no rows. Late rows can only raise scores. Raises MonitorError when nothing is allowed,
    as a list that failed to load would.
    """
    require_positive(grid=grid)
    if not allowed:
        raise MonitorError("'unlisted' got no allowed values; give at least one.")
    rows = rows_of(events, entity=entity, time=time, value=value, event_id=event_id)
    text, known = pl.col("value").cast(pl.String), pl.Series(allowed, dtype=pl.String)
    if not case_sensitive:
        text, known = text.str.to_lowercase(), known.str.to_lowercase()
    hit = pl.col("hit")
    cells = (
        rows.with_columns(hit=~text.is_in(known.implode()))
        .group_by("entity", cell(grid))
        .agg(
            score=hit.sum(),
            distinct_unlisted=pl.col("value").filter(hit).n_unique().cast(pl.Int64),
            events=pl.col("value").count().cast(pl.Int64),
            first_unlisted_at=pl.col("time").filter(hit).min(),
            **smallest(event_id, hit),
        )
        .with_columns(pl.when(pl.col("events") > 0).then(pl.col("score")))
    )
    return windows(cells, entity=entity, grid=grid)
