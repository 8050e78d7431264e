"""Detector `reset_windows.cardinality`: each event while an entity has too many values."""

from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors._cells import require_positive
from monitors.detectors.reset_windows import rows as read
from monitors.detectors.reset_windows.sieve import crowded
from monitors.detectors.reset_windows.time_line import Integers, time_line


def cardinality(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    maximum: int,
    window: timedelta,
    time: str = "occurred_at",
    event_id: str = "event_id",
) -> pl.DataFrame:
    """Events at which an entity has had more than `maximum` values within `window`.

    One row per match, by time: id, entity, value and time. The window is closed: a value seen
    exactly `window` ago still counts. Nulls neither count nor match; a null entity is one too.
    Events count in order of time, at one instant in the order of rows. Collects the frame.

    Overlap: windows slide, nothing is reset, and every event matches while its entity is above,
    also one that repeats a value. Zero history, keys never seen, empty input: no rows. Late rows
    only add matches. Raises MonitorError for a missing time.
    """
    require_positive(maximum=maximum)
    length = read.microseconds(window)
    valued = events.select(event_id, entity, value, time).filter(pl.col(value).is_not_null())
    rows = valued.collect(engine="streaming")
    kept = crowded(rows[entity], read.instants(rows[time]), n=maximum + 1, length=length)
    rows = read.in_line(rows, kept, entity=entity, time=time)
    line = time_line(rows[entity], read.instants(rows[time]), gap=length + 1)
    repeated = rows.select(entity, value).with_row_index("row").select(_next_row(entity, value))
    present = _present(line, repeated["row"].to_numpy(), length)
    return rows.filter(pl.Series(present > maximum)).sort(time, maintain_order=True)


def _next_row(entity: str, value: str) -> pl.Expr:
    """Row in which the entity next has the same value; beyond the last row if it never has."""
    return pl.col("row").shift(-1).over(entity, value).fill_null(pl.len())


def _present(line: Integers, repeated: Integers, length: int) -> Integers:
    """Distinct values of the entity within the window that ends with each row.

    A value is present from its row until it is repeated or too old, so the count is that of the
    rows so far less those whose presence has ended.
    """
    too_old = np.searchsorted(line, line + length, side="right")
    ended = np.bincount(np.minimum(repeated, too_old), minlength=len(line) + 1)
    return np.arange(1, len(line) + 1) - np.cumsum(ended)[:-1]
