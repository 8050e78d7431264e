"""Detector `spike`: events of an entity against its bucket before."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import cell, require_positive, rows_of, smallest, windows


def spike(
    events: pl.LazyFrame,
    *,
    entity: str,
    window: timedelta,
    minimum: int = 1,
    minimum_reference: int = 1,
    empty_reference: float | None = None,
    time: str = "occurred_at",
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Divide the events of a calendar bucket by those of the bucket before.

    One row per entity and bucket of length `window` in which it has events. Score is
    events / reference, both of them evidence; null under `minimum` events, or under
    `minimum_reference` events in the bucket before. Keys are sparse: a bucket without events is a
    reference of 0, which is always null, unless `empty_reference` says what to divide by instead,
    for new and returning keys alike. With `event_id`, the smallest id in the bucket.

    Overlap: buckets do not overlap, and each is the reference of the next. Zero history: null,
    or `empty_reference`. Keys never seen: no row; a fall to nothing is a matter for `silence`.
    Empty input: no rows. Late rows raise their bucket's score and lower the next. The events must
    reach `window` before the bucket, or the reference is wrongly 0.
    """
    require_positive(window=window, minimum=minimum, minimum_reference=minimum_reference)
    if empty_reference is not None:
        require_positive(empty_reference=empty_reference)
    rows = rows_of(events, entity=entity, time=time, event_id=event_id)
    counts = rows.group_by("entity", cell(window)).agg(
        events=pl.len().cast(pl.Int64), **smallest(event_id)
    )
    before = counts.select("entity", pl.col("cell") + window, reference="events")
    reference = pl.col("reference")
    divisor = (
        pl.when(reference == 0)
        .then(pl.lit(empty_reference, pl.Float64))
        .when(reference >= minimum_reference)
        .then(reference)
    )
    cells = (
        counts.join(before, on=["entity", "cell"], how="left")
        .with_columns(reference.fill_null(0))
        .with_columns(score=pl.when(pl.col("events") >= minimum).then(pl.col("events") / divisor))
    )
    return windows(cells, entity=entity, grid=window)
