"""Detector `reset_windows.frequency`: n events of an entity within a window, counted afresh."""

from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors._cells import require_positive
from monitors.detectors.reset_windows import rows as read
from monitors.detectors.reset_windows.sieve import crowded
from monitors.detectors.reset_windows.time_line import greedy, time_line


def frequency(
    events: pl.LazyFrame,
    *,
    entity: str,
    n: int,
    window: timedelta,
    time: str = "occurred_at",
    event_id: str = "event_id",
) -> pl.DataFrame:
    """Events at which an entity reaches `n` events within `window` since its last match.

    One row per match, by time: id, entity and time of the event that completes the n. The window
    is half-open: events exactly `window` apart are not together. Events count in order of time,
    at one instant in the order of rows. Null is an entity too. Collects the frame.

    Overlap: none; a match uses up its events and the next one takes n more. Zero history, keys
    never seen, empty input: no rows. Late rows may move every later match of their entity. Raises
    MonitorError for a missing time.
    """
    require_positive(n=n)
    length = read.microseconds(window)
    rows = events.select(event_id, entity, time).collect(engine="streaming")
    kept = crowded(rows[entity], read.instants(rows[time]), n=n, length=length)
    rows = read.in_line(rows, kept, entity=entity, time=time)
    line = time_line(rows[entity], read.instants(rows[time]), gap=length)
    together = line[n - 1 :] - line[: max(len(line) - n + 1, 0)] < length
    candidates = np.flatnonzero(together) + n - 1
    matches = candidates[greedy(candidates, candidates + n)]
    return rows[matches].sort(time, maintain_order=True)
