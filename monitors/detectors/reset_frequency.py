"""At least n events of one key within a window, counted anew after each match."""

from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors import reset_windows as rw


def frequency(
    events: pl.LazyFrame,
    *,
    key: str,
    n: int,
    window: timedelta,
    ids: str = "event_id",
    times: str = "occurred_at",
) -> pl.DataFrame:
    """Events at which `key` reaches `n` events within `window` since its last match.

    One row per match, by time: ids, key and time of the event that completes the n. The window
    is half-open: two events exactly `window` apart are not together. A match uses up its events,
    so the next one takes n more. Events count in order of time, at one instant in the order of
    rows; late rows change earlier matches. Nulls are a key of their own. No events, no matches.
    Collects the frame. Raises WindowError for a missing time.
    """
    if n < 1:
        raise rw.WindowError(f"n is {n}; count at least one event.")
    length = rw.microseconds(window)
    rows = events.select(ids, key, times).collect(engine="streaming")
    kept = rw.crowded(rows[key], rw.instants(rows[times]), n=n, length=length)
    rows = rw.by_key(rows, kept, key=key, times=times)
    line = rw.time_line(rows[key], rw.instants(rows[times]), gap=length)
    together = line[n - 1 :] - line[: max(len(line) - n + 1, 0)] < length
    candidates = np.flatnonzero(together) + n - 1
    found = rw.greedy(candidates, candidates + n)
    return rows[candidates[found]].sort(times, maintain_order=True)
