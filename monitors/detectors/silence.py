"""Detector `silence`: periods in which an entity that is usually active did nothing."""

import polars as pl

from monitors.activity import Season, season_slot
from monitors.detectors._cells import require_positive, rows_of


def silence(
    activity: pl.LazyFrame,
    *,
    entity: str,
    period: pl.LazyFrame,
    expected: pl.LazyFrame,
    usual: str = "events_median",
    season: Season | None = None,
    zone: str = "UTC",
    minimum_periods: int = 14,
    time: str = "occurred_at",
) -> pl.LazyFrame:
    """Usual number of events, for periods in which an entity had none.

    One row per entity of `expected` and row of `period` (`start`, `end`, on whole UTC hours).
    `activity` is events, or hourly rows with `time="hour"`. `expected` has the entity, `usual`
    events in an hour, `periods` that this rests on and, with an hourly `season`, its slot in
    `zone`: a baseline of `monitors.activity`. Score is 0.0 where the entity had an event, else
    the sum of `usual` over the hours of the period; null where an hour's expectation is missing
    or rests on fewer than `minimum_periods`. Evidence: `active_hours`, `usual`, `periods`.

    Overlap: periods are scored one by one, and a longer silence is no higher score. Zero history:
    null. Keys never seen: no row; keys of `expected` are reported whether active or not. Empty
    activity: every expected key is silent. Late rows take a silence back: its score falls to 0.0.
    """
    require_positive(minimum_periods=minimum_periods)
    slot = [] if season in (None, "day") else [str(season)]
    hours = _hours(period)
    if slot and season is not None:
        hours = hours.with_columns(season_slot(pl.col("hour"), season, zone))
    usually = expected.filter(pl.col(entity).is_not_null()).select(
        *slot, "periods", entity=entity, usual=pl.col(usual).cast(pl.Float64)
    )
    active = rows_of(activity, entity=entity, time=time).select(
        "entity", hour=pl.col("time").dt.truncate("1h"), active=pl.lit(value=True)
    )
    cells = (
        usually.select("entity")
        .unique()
        .join(hours, how="cross")
        .join(usually, on=["entity", *slot], how="left")
        .join(active.unique(), on=["entity", "hour"], how="left")
        .group_by("entity", "start", "end")
        .agg(
            active_hours=pl.col("active").count().cast(pl.Int64),
            told=((pl.col("periods") >= minimum_periods) & pl.col("usual").is_not_null())
            .fill_null(value=False)
            .all(),
            usual=pl.col("usual").sum(),
            periods=pl.col("periods").min(),
        )
    )
    return _scored(cells, entity)


def _hours(period: pl.LazyFrame) -> pl.LazyFrame:
    """One row per period and hour in it."""
    ranges = pl.datetime_ranges(pl.col("start"), pl.col("end"), "1h", closed="left")
    return period.select("start", "end", hour=ranges).explode("hour")


def _scored(cells: pl.LazyFrame, entity: str) -> pl.LazyFrame:
    silent = pl.when(pl.col("active_hours") == 0).then(pl.col("usual")).otherwise(0.0)
    return cells.select(
        pl.col("entity").alias(entity),
        score=pl.when(pl.col("told")).then(silent),
        window_start="start",
        window_end="end",
        active_hours="active_hours",
        usual=pl.when(pl.col("told")).then(pl.col("usual")),
        periods="periods",
    )
