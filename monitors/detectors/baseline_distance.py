"""Detector `baseline_distance`: how far activity lies from what is usual for its key."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from monitors.activity import Season, season_slot
from monitors.detectors._cells import HOUR, require_positive

DAY = timedelta(days=1)


def baseline_distance(
    activity: pl.LazyFrame,
    baseline: pl.LazyFrame,
    *,
    keys: Sequence[str],
    column: str = "events",
    season: Season = "day",
    zone: str = "UTC",
    minimum_periods: int = 14,
    floor: float = 1.0,
    time: str = "hour",
) -> pl.LazyFrame:
    """Robust z-score of an activity's sum against the median and MAD of the same key's past.

    One row per key and active period: a UTC day with `season="day"`, else an hour, compared with
    the same hour of day or of week in `zone`. Score is (x - median) / max(1.4826 MAD, floor);
    baselines hold the MAD scaled so already. `floor`, in the column's unit, keeps a key that never
    varies (MAD 0) from scoring infinity at its first extra event. Null for keys without a
    baseline or with fewer than `minimum_periods`, and where the sum has no values. `keys` must
    be all the keys of the baseline. Evidence: `value`, `median`, `mad`, `periods`.

    Overlap: periods do not overlap; the baseline ends before the day begins. Zero history: null.
    Keys never seen in the baseline: null; in the activity: no row. Empty input: no rows. Late
    rows move the score of their own period. Source: Iglewicz and Hoaglin, How to Detect and
    Handle Outliers (1993), who call 3.5 an outlier.
    """
    require_positive(minimum_periods=minimum_periods, floor=floor)
    length = DAY if season == "day" else HOUR
    start = pl.col("window_start")
    present = [pl.col(key).is_not_null() for key in keys]
    sums = (
        activity.filter(pl.col(time).is_not_null(), *present)
        .group_by(*keys, window_start=pl.col(time).dt.truncate(length))
        .agg(value=pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()))
    )
    on = list(keys)
    if season != "day":
        sums = sums.with_columns(season_slot(start, season, zone))
        on.append(season)
    usual = baseline.select(
        *on, "periods", median=pl.col(f"{column}_median"), mad=pl.col(f"{column}_mad")
    )
    z = (pl.col("value") - pl.col("median")) / pl.max_horizontal(pl.col("mad"), pl.lit(floor))
    return sums.join(usual, on=on, how="left").select(
        *keys,
        pl.when(pl.col("periods") >= minimum_periods).then(z).cast(pl.Float64).alias("score"),
        start,
        (start + length).alias("window_end"),
        *("value", "median", "mad", "periods"),
    )
