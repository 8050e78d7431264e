"""Detector `aggregate`: a metric of a numeric column per entity and bucket."""

from datetime import timedelta
from typing import Literal

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows
from monitors.errors import MonitorError

Statistic = Literal["mean", "sum", "min", "max", "median", "std", "p90", "p95", "p99"]
QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


def aggregate(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    statistic: Statistic | float,
    minimum: int = 1,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Mean, sum, extreme, standard deviation or quantile of the values of a calendar bucket.

    One row per entity and bucket of length `grid` in which it has events. Score is the statistic,
    in the unit of `value`, over the events with a finite value; null under `minimum` of them, and
    for "std", which divides by n - 1, under two. A number from 0 to 1 asks for that quantile,
    interpolated between the two values beside it: sensible for p99 from 100 events on. Events
    sent twice count twice; their order can change only the last digits of a mean, sum or std.
    Evidence: `events` with a value, `lowest` and `highest` value; with `event_id`, the smallest
    id of an event with a value.

    Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no row. Empty
    input: no rows. Late rows move the score of their own bucket, either way. Source of quantiles:
    Hyndman and Fan, Sample Quantiles in Statistical Packages (1996), definition 7.
    """
    require_positive(minimum=minimum, grid=grid)
    score = _score(statistic)
    rows = rows_of(events, entity=entity, time=time, value=value, event_id=event_id)
    number = pl.col("value").cast(pl.Float64)
    finite = rows.with_columns(value=pl.when(number.is_finite()).then(number))
    values = pl.col("value")
    cells = (
        finite.group_by("entity", cell(grid))
        .agg(
            statistic=score,
            events=values.count().cast(pl.Int64),
            lowest=values.min(),
            highest=values.max(),
            **smallest(event_id, values.is_not_null()),
        )
        .with_columns(score=pl.when(pl.col("events") >= minimum).then(pl.col("statistic")))
        .drop("statistic")
    )
    return windows(cells, entity=entity, grid=grid)


def _score(statistic: str | float) -> pl.Expr:
    """Expression of the statistic."""
    values = pl.col("value")
    plain = {
        "mean": values.mean(),
        "sum": values.sum(),
        "min": values.min(),
        "max": values.max(),
        "std": values.std(),
    }
    if isinstance(statistic, str) and statistic in plain:
        return plain[statistic]
    quantile = QUANTILES.get(statistic) if isinstance(statistic, str) else statistic
    if quantile is None or not 0 <= quantile <= 1:
        raise MonitorError(
            f"'statistic' is {statistic!r}; give one of {sorted([*plain, *QUANTILES])}, or a "
            "quantile from 0 to 1."
        )
    return values.quantile(quantile, interpolation="linear")
