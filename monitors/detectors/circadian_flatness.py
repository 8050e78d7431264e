"""Detector `circadian_flatness`: how evenly an entity is active over the hours of a day."""

from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.activity import season_slot
from monitors.detectors._cells import cell, require_positive, rows_of, windows
from monitors.detectors.reset_windows.time_line import Integers, time_line

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
CLOCK = range(24)
EVIDENCE = ("events", "active_days", "active_hours", "quiet_hours")
QUIET = 0.1  # an hour is quiet under a tenth of an even share

Numbers = NDArray[np.float64]


def circadian_flatness(
    activity: pl.LazyFrame,
    *,
    entity: str,
    days: int = 14,
    zone: str = "UTC",
    minimum: int = 100,
    minimum_days: int = 7,
    weight: str | None = None,
    time: str = "occurred_at",
) -> pl.LazyFrame:
    """Entropy of an entity's hours of day, from 0 (one hour) to 1 (all 24 hours alike).

    One row per entity and UTC day in which it is active, about the `days` days that end with that
    day. People sleep; scripts and keys that are shared around the world do not. `activity` is
    events, or hourly rows with `time="hour"` and the column of their whole counts as `weight`, of
    which null and less than 1 count for nothing. Hours of day are those of `zone`. Score is the
    entropy of the 24 shares with the correction of Miller and Madow, H + (k - 1) / 2n with n
    events in k hours of day, over log 24, at most 1: without the correction few events look less
    even than they are. Null under `minimum` events or `minimum_days` days with events. Evidence:
    `events`, `active_days`, and where there is a score `active_hours` (k) and `quiet_hours`, the
    longest run around the clock of hours with less than a tenth of an even share each; a night's
    sleep leaves 5 to 9.

    Overlap: windows of successive days overlap by all but a day. Zero history: null. Keys never
    seen: no row. Empty input: no rows. An event given twice is two events. Late rows change their
    own day and the `days` - 1 after it. Exact when the rows reach `days` - 1 whole days before the
    scored one. Source: Miller, Note on the bias of information estimates (1955).
    """
    require_positive(days=days, minimum=minimum, minimum_days=minimum_days)
    counts = pl.lit(1, pl.Int64) if weight is None else pl.col(weight).cast(pl.Int64)
    rows = rows_of(activity, entity=entity, time=time, n=counts).filter(pl.col("n") > 0)
    slot = season_slot(pl.col("time"), "hour_of_day", zone)
    days_apart = (
        rows.with_columns(slot)
        .group_by("entity", cell(DAY))
        .agg(
            *(
                pl.col("n").filter(pl.col("hour_of_day") == hour).sum().alias(f"{hour}")
                for hour in CLOCK
            )
        )
    )
    none_yet = {name: pl.lit(None, pl.Int64) for name in EVIDENCE}
    looked = (
        days_apart.with_columns(score=pl.lit(None, pl.Float64), **none_yet)
        .sort("entity", "cell")
        .map_batches(
            lambda rows: _scored(rows, days=days, minimum=minimum, minimum_days=minimum_days)
        )
        .drop(f"{hour}" for hour in CLOCK)
    )
    return windows(looked, entity=entity, grid=DAY, look_back=(days - 1) * DAY)


def _scored(rows: pl.DataFrame, *, days: int, minimum: int, minimum_days: int) -> pl.DataFrame:
    """Fill score and evidence of rows sorted by entity and day, with the hours of each day."""
    numbers = (rows["cell"].dt.epoch("us") // (DAY // MICROSECOND)).to_numpy()
    line = time_line(rows["entity"], numbers, gap=days)
    first = np.searchsorted(line, line - (days - 1), side="left")
    until = rows.select(pl.col(f"{hour}").cum_sum() for hour in CLOCK).to_numpy(order="c")
    until = np.concatenate((np.zeros((1, len(CLOCK)), np.int64), until))
    total = until.sum(axis=1)
    events, active_days = total[1:] - total[first], np.arange(rows.height) - first + 1
    told = np.flatnonzero((events >= minimum) & (active_days >= minimum_days))
    clock = until[told + 1] - until[first[told]]
    scores = pl.DataFrame(
        {
            "row": told,
            "score": _evenness(clock),
            "active_hours": (clock > 0).sum(axis=1),
            "quiet_hours": _quiet(clock),
        },
        schema_overrides={"row": pl.UInt32},
    )
    counted = rows.select(pl.exclude("score", *EVIDENCE)).with_columns(
        events=pl.Series(events, dtype=pl.Int64),
        active_days=pl.Series(active_days, dtype=pl.Int64),
    )
    joined = counted.with_row_index("row").join(scores, on="row", how="left")
    return joined.select(rows.columns)


def _evenness(clock: Integers) -> Numbers:
    """Corrected entropy of each row's shares, over its largest value."""
    n = clock.sum(axis=1)
    share = clock / n[:, None]
    entropy = -(share * np.log(np.where(clock > 0, share, 1.0))).sum(axis=1)
    correction = ((clock > 0).sum(axis=1) - 1) / (2 * n)
    score: Numbers = np.minimum((entropy + correction) / np.log(len(CLOCK)), 1.0)
    return score


def _quiet(clock: Integers) -> Integers:
    """Longest run of quiet hours in each row, also over midnight."""
    quiet = clock < QUIET * clock.sum(axis=1, keepdims=True) / len(CLOCK)
    run = longest = np.zeros(len(clock), np.int64)
    for hour in (*CLOCK, *CLOCK):
        run = (run + 1) * quiet[:, hour]
        longest = np.maximum(longest, run)
    return longest
