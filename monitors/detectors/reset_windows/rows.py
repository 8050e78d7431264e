"""Reading of a frame's columns, and what a detector can't do without."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import require_positive
from monitors.detectors.reset_windows.time_line import Integers, Mask
from monitors.errors import MonitorError


def microseconds(window: timedelta) -> int:
    """Length of a window in microseconds; MonitorError unless it is longer than nothing."""
    require_positive(window=window)
    return window // timedelta(microseconds=1)


def instants(times: pl.Series) -> Integers:
    """Times in microseconds; MonitorError if one is missing."""
    if times.null_count():
        raise MonitorError(
            f"Column '{times.name}' has {times.null_count()} nulls; drop events without a time."
        )
    return times.dt.timestamp("us").to_numpy()


def in_line(rows: pl.DataFrame, kept: Mask, *, entity: str, time: str) -> pl.DataFrame:
    """The kept rows by entity and time; events of one entity and instant stay in their order."""
    return rows.filter(pl.Series(kept)).sort(entity, time, maintain_order=True)


def says_something(value: str, dtype: pl.DataType) -> pl.Expr:
    """Whether a value is other than null, an empty text, zero or False."""
    column = pl.col(value)
    if dtype.is_numeric():
        return column != 0
    if dtype == pl.Boolean:
        return column
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return column.cast(pl.String) != ""
    return column.is_not_null()
