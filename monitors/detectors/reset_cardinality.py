"""More distinct values of a column than allowed, for one key within a window."""

from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors import reset_windows as rw


def cardinality(
    events: pl.LazyFrame,
    *,
    key: str,
    column: str,
    maximum: int,
    window: timedelta,
    ids: str = "event_id",
    times: str = "occurred_at",
) -> pl.DataFrame:
    """Events at which `key` has had more than `maximum` values of `column` within `window`.

    One row per match, by time: ids, key, value and time. Nothing is reset: every event matches
    while the key is above, also one that repeats a value. The window is closed: a value seen
    exactly `window` ago still counts. Null values neither count nor match; nulls are a key of
    their own. Events count in order of time, at one instant in the order of rows. No events, no
    matches. Collects the frame. Raises WindowError for a missing time.
    """
    if maximum < 0:
        raise rw.WindowError(f"The maximum is {maximum}; allow no fewer than 0 values.")
    length = rw.microseconds(window)
    valued = events.select(ids, key, column, times).filter(pl.col(column).is_not_null())
    rows = valued.collect(engine="streaming")
    kept = rw.crowded(rows[key], rw.instants(rows[times]), n=maximum + 1, length=length)
    rows = rw.by_key(rows, kept, key=key, times=times)
    present = _present(rows, key, column, rw.instants(rows[times]), length)
    return rows.filter(pl.Series(present > maximum)).sort(times, maintain_order=True)


def _present(
    rows: pl.DataFrame, key: str, column: str, times: rw.Integers, length: int
) -> rw.Integers:
    """Distinct values of the key within the window that ends with each row.

    A value is present from its row to the key's next row with it, or until it is too old. So the
    count is the rows so far less those whose presence has ended.
    """
    line = rw.time_line(rows[key], times, gap=length + 1)
    again = pl.col("row").shift(-1, fill_value=rows.height).over(key, column)
    repeated = rows.select(key, column).with_row_index("row").select(again).to_series().to_numpy()
    too_old = np.searchsorted(line, line + length, side="right")
    ended = np.bincount(np.minimum(repeated, too_old), minlength=rows.height + 1)
    return np.arange(1, rows.height + 1) - np.cumsum(ended)[:-1]
