"""A column of one key takes another value than just before."""

from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors import reset_windows as rw
from monitors.detectors.reset_new_terms import says_something


def change(
    events: pl.LazyFrame,
    *,
    key: str,
    column: str,
    window: timedelta,
    ids: str = "event_id",
    times: str = "occurred_at",
) -> pl.DataFrame:
    """Events whose `column` differs from that of the key's event before, at most `window` ago.

    One row per match, by time: ids, key, value and time. Each event becomes what the next is
    compared with, so going there and back matches twice. The window is closed. Events whose value
    says nothing (null, an empty text, zero) are passed over; nulls are a key of their own. Events
    count in order of time, at one instant in the order of rows: a late row changes what its
    follower is compared with. No events, no matches. Collects the frame. Raises WindowError for a
    missing time.
    """
    length = rw.microseconds(window)
    said = says_something(column, events.collect_schema()[column])
    rows = events.select(ids, key, column, times).filter(said).collect(engine="streaming")
    kept = rw.mixed(rows[key], rows[column], rw.instants(rows[times]), length=length)
    rows = rw.by_key(rows, kept, key=key, times=times)
    line = rw.time_line(rows[key], rw.instants(rows[times]), gap=length + 1)
    recent = np.diff(line, prepend=line[:1] - length - 1) <= length
    other = rows[column].ne_missing(rows[column].shift())
    return rows.filter(other, pl.Series(recent)).sort(times, maintain_order=True)
