"""Detector `listed`: events of an entity whose value is on a list."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows
from monitors.errors import MonitorError


def listed(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    values: Sequence[str] = (),
    patterns: Sequence[str] = (),
    case_sensitive: bool = False,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the events of a calendar bucket whose value is listed.

    One row per entity and bucket of length `grid` in which it has events. A value is listed when
    it equals one of `values`, or when one of `patterns` (regular expressions of Rust's regex
    crate, searched anywhere) matches it; upper and lower case are alike unless `case_sensitive`.
    Score is null where no event of the bucket has a value. Evidence: `distinct_listed` values,
    `events` with a value, `first_listed_at`; with `event_id`, the smallest id of a listed event.

    Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no row. Empty
    input: no rows. Late rows can only raise scores. Raises MonitorError when nothing is listed.
    """
    require_positive(grid=grid)
    if not values and not patterns:
        raise MonitorError("'listed' got neither values nor patterns; give at least one.")
    rows = rows_of(events, entity=entity, time=time, value=value, event_id=event_id)
    hit = pl.col("hit")
    cells = (
        rows.with_columns(hit=_listed(values, patterns, case_sensitive=case_sensitive))
        .group_by("entity", cell(grid))
        .agg(
            score=hit.sum(),
            distinct_listed=pl.col("value").filter(hit).n_unique().cast(pl.Int64),
            events=pl.col("value").count().cast(pl.Int64),
            first_listed_at=pl.col("time").filter(hit).min(),
            **smallest(event_id, hit),
        )
        .with_columns(pl.when(pl.col("events") > 0).then(pl.col("score")))
    )
    return windows(cells, entity=entity, grid=grid)


def _listed(values: Sequence[str], patterns: Sequence[str], *, case_sensitive: bool) -> pl.Expr:
    text = pl.col("value").cast(pl.String)
    exact = pl.Series(values, dtype=pl.String)
    if not case_sensitive:
        exact = exact.str.to_lowercase()
    known = (text if case_sensitive else text.str.to_lowercase()).is_in(exact.implode())
    if not patterns:
        return known
    flag = "" if case_sensitive else "(?i)"
    return known | text.str.contains(flag + "|".join(f"(?:{pattern})" for pattern in patterns))
