"""Detector `classifier_score`: what a classifier's probabilities of events say of an entity."""

from datetime import timedelta
from typing import Literal, get_args

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows
from monitors.errors import MonitorError

Statistic = Literal["hits", "share", "top", "noisy_or", "days"]


def classifier_score(
    events: pl.LazyFrame,
    *,
    entity: str,
    probability: str,
    cut: float,
    statistic: Statistic = "hits",
    minimum: int = 1,
    top: int = 3,
    look_back: timedelta | None = None,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Sum up the probabilities that a classifier gave the events of a calendar bucket.

    One row per entity and bucket of length `grid` in which it has events. An event is scored when
    `probability` is from 0 to 1; null, NaN and anything else is not scored. A scored event at or
    over `cut` is a hit. Score by `statistic`: `hits`, their number; `share`, hits / scored; `top`,
    the mean of the `top` highest probabilities, of all where there are fewer; `noisy_or`,
    1 - product(1 - p) over the hits, the chance that one of them is true where errors are
    independent, which those of near copies are not; `days`, the distinct UTC days with a hit in
    the `look_back` that ends with the bucket, for harm that must persist. Null under `minimum`
    scored events in the bucket. Evidence: `events`, `scored`, `hits`, `highest` probability; with
    `look_back`, `days` whatever the statistic; with `event_id`, the smallest id of a hit.

    Overlap: buckets do not overlap; with `look_back`, windows of that length do. Zero history:
    none is needed, and events before the frame are no days. Keys never seen: no row. Empty input:
    no rows. Duplicates count each. Late rows only raise `hits` and `days`; else either way.
    Source of noisy-or: Pearl, Probabilistic Reasoning in Intelligent Systems (1988), 4.3.
    Raises MonitorError for an unknown statistic, a cut outside 0 to 1 or `days` without look-back.
    """
    require_positive(minimum=minimum, top=top, grid=grid, look_back=look_back or grid)
    _check(statistic, cut=cut, look_back=look_back, grid=grid)
    number = pl.col(probability).cast(pl.Float64)
    p = pl.when(number.is_between(0, 1)).then(number)
    rows = rows_of(events, entity=entity, time=time, event_id=event_id, p=p, hit=p >= cut)
    cells = rows.group_by("entity", cell(grid)).agg(
        _score(statistic, top).alias("score"),
        events=pl.len().cast(pl.Int64),
        scored=pl.col("p").count().cast(pl.Int64),
        hits=pl.col("hit").sum().cast(pl.Int64),
        highest=pl.col("p").max(),
        **smallest(event_id, pl.col("hit")),
    )
    if look_back is not None:
        cells = cells.sort("entity", "cell").with_columns(days=_days(look_back))
    score = pl.col("days") if statistic == "days" else pl.col("score")
    told = cells.with_columns(score=pl.when(pl.col("scored") >= minimum).then(score))
    before = timedelta(0) if look_back is None else look_back - grid
    return windows(told, entity=entity, grid=grid, look_back=before)


def _score(statistic: Statistic, top: int) -> pl.Expr:
    """Score of a bucket; sums go in order of size, so that the order of rows changes no digit."""
    p, hit = pl.col("p"), pl.col("hit")
    scores = {
        "hits": hit.sum(),
        "share": hit.sum() / p.count(),
        "top": p.drop_nulls().sort(descending=True).head(top).mean(),
        "noisy_or": 1 - (1 - p.filter(hit).sort()).product(),
        "days": pl.lit(None),
    }
    return scores[statistic].cast(pl.Float64)


def _days(look_back: timedelta) -> pl.Expr:
    """Distinct days with a hit in the look-back that ends with the cell; rows sorted by cell."""
    day = pl.when(pl.col("hits") > 0).then(pl.col("cell").dt.truncate("1d"))
    days = day.drop_nulls().n_unique().rolling("cell", period=look_back)
    return days.over("entity").cast(pl.Int64)


def _check(statistic: str, *, cut: float, look_back: timedelta | None, grid: timedelta) -> None:
    if statistic not in get_args(Statistic):
        raise MonitorError(
            f"'statistic' is '{statistic}'; choose one of {', '.join(get_args(Statistic))}."
        )
    if not 0 <= cut <= 1:
        raise MonitorError(f"'cut' is {cut}; give a probability from 0 to 1.")
    if statistic == "days" and look_back is None:
        raise MonitorError("'days' needs a 'look_back' to count them in; give its length.")
    if look_back is not None and look_back % grid:
        raise MonitorError(f"'look_back' is {look_back}; give a multiple of the grid, {grid}.")
    if look_back is not None and timedelta(days=1) % grid:
        raise MonitorError(f"'grid' is {grid}; to count days, give one that divides a day.")
