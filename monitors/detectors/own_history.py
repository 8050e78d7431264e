"""Detector `own_history`: a key's activity against its own past in the same frame."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.activity import MAD_TO_SIGMA
from monitors.detectors._cells import require_positive
from monitors.detectors.reset_windows.time_line import Integers, time_line

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
BLOCK = 1_000_000  # past values sorted at a time

Numbers = NDArray[np.float64]


def own_history(
    activity: pl.LazyFrame,
    *,
    keys: Sequence[str],
    column: str = "events",
    window: timedelta = 28 * DAY,
    minimum_periods: int = 14,
    floor: float = 1.0,
    time: str = "hour",
    grid: timedelta = DAY,
) -> pl.LazyFrame:
    """Robust z-score of a key's sum in a bucket against its own buckets in the `window` before.

    One row per key and bucket of length `grid` in which it is active. The reference is the
    buckets of the same key that begin in [start - `window`, start), where start is the bucket's
    own; buckets without activity are not zeros but absent. Score is (x - median) / spread with
    spread = max(1.4826 MAD, `floor` sqrt(max(median, 1))): a count with mean m varies by sqrt(m)
    by chance alone, so a key that never varied does not score highly at its first extra event.
    For a sum in which one event adds about u, `floor` is sqrt(u). Null where fewer than
    `minimum_periods` past buckets have a sum, and where this one has none. Evidence: `value`,
    `median`, `mad` (scaled by 1.4826), `periods`. To compare only like hours, add the slot to the
    frame and to `keys` (`season_slot` of `monitors.activity`) and take `grid` an hour.

    Unlike `baseline_distance`, which scores one day against a baseline made before it began, this
    needs no second table and scores every bucket of the frame against what then was its past; the
    frame must reach `window` back. Overlap: buckets do not overlap, and each is in the reference of
    later ones. Zero history: null. Keys never seen: null. Empty input: no rows. Rows of one bucket
    add up, so a row given twice counts twice. Late rows move the score of their own bucket and
    of those up to `window` after it. Source: Iglewicz and Hoaglin, How to Detect and Handle
    Outliers (1993), who call 3.5 an outlier.
    """
    require_positive(window=window, minimum_periods=minimum_periods, floor=floor, grid=grid)
    present = [pl.col(key).is_not_null() for key in keys]
    sums = (
        activity.filter(pl.col(time).is_not_null(), *present)
        .group_by(*keys, window_start=pl.col(time).dt.truncate(grid))
        .agg(value=pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()))
        .with_columns(
            median=pl.lit(None, pl.Float64),
            mad=pl.lit(None, pl.Float64),
            periods=pl.lit(None, pl.Int64),
        )
        .sort(*keys, "window_start")
    )
    told = sums.map_batches(
        lambda rows: _with_past(rows, keys, grid=grid, cells=window // grid, least=minimum_periods)
    )
    chance = floor * pl.max_horizontal("median", pl.lit(1.0)).sqrt()
    z = (pl.col("value") - pl.col("median")) / pl.max_horizontal("mad", chance)
    return told.select(
        *keys,
        # without a median nothing is known; max_horizontal would pass over the null
        pl.when(pl.col("median").is_not_null()).then(z).cast(pl.Float64).alias("score"),
        "window_start",
        (pl.col("window_start") + grid).alias("window_end"),
        *("value", "median", "mad", "periods"),
    )


def _with_past(
    rows: pl.DataFrame, keys: Sequence[str], *, grid: timedelta, cells: int, least: int
) -> pl.DataFrame:
    """Fill median, mad and periods from the `cells` before; rows are sorted by key and time."""
    numbers = (rows["window_start"].dt.epoch("us") // (grid // MICROSECOND)).to_numpy()
    line = time_line(rows.select(pl.struct(keys).rle_id()).to_series(), numbers, gap=cells + 1)
    past = np.arange(rows.height) - np.searchsorted(line, line - cells, side="left")
    values = rows["value"].cast(pl.Float64).to_numpy()
    known = np.concatenate(([0], np.cumsum(~np.isnan(values))))
    periods = known[:-1] - known[np.arange(rows.height) - past]
    median, mad = np.full((2, rows.height), np.nan)
    for block in _blocks(np.flatnonzero(periods >= least), past):
        median[block], mad[block] = _median_and_mad(values, block, past[block], periods[block])
    return rows.with_columns(
        median=pl.Series(median).fill_nan(None),
        mad=pl.Series(mad).fill_nan(None) * MAD_TO_SIGMA,
        periods=pl.Series(periods, dtype=pl.Int64),
    )


def _blocks(rows: Integers, past: Integers) -> Iterator[Integers]:
    """Rows with pasts of similar length together, so that a matrix of them has few gaps."""
    ordered = rows[np.argsort(past[rows], kind="stable")]
    sizes = np.cumsum(past[ordered]) // BLOCK
    for part in np.split(ordered, np.flatnonzero(np.diff(sizes)) + 1):
        if part.size:
            yield part


def _median_and_mad(
    values: Numbers, rows: Integers, past: Integers, periods: Integers
) -> tuple[Numbers, Numbers]:
    """Median and median absolute deviation of the `past` values before each row."""
    back = np.arange(1, past.max() + 1)
    before = values[np.maximum(rows[:, None] - back, 0)]
    before[(back > past[:, None]) | np.isnan(before)] = np.inf  # sorts behind every value
    before.sort(axis=1)
    median = _middle(before, periods)
    before -= median[:, None]
    np.abs(before, out=before).sort(axis=1)
    return median, _middle(before, periods)


def _middle(ordered: Numbers, count: Integers) -> Numbers:
    """Median of the first `count` values of each row."""
    each = np.arange(len(ordered))
    middle: Numbers = (ordered[each, (count - 1) // 2] + ordered[each, count // 2]) / 2
    return middle
