"""Detector `reset_windows.change`: each event whose value is not that of the event before."""

from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors.reset_windows import rows as read
from monitors.detectors.reset_windows.sieve import mixed
from monitors.detectors.reset_windows.time_line import time_line


def change(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    window: timedelta,
    time: str = "occurred_at",
    event_id: str = "event_id",
) -> pl.DataFrame:
    """Events whose value differs from the entity's event before, at most `window` ago.

    One row per match, by time: id, entity, value and time. The window is closed. Events whose
    value says nothing (null, an empty text, zero) are passed over; null is an entity too. Events
    count in order of time, at one instant in the order of rows. Collects the frame.

    Overlap: each event is what the next is compared with, so there and back matches twice. Zero
    history: an entity's first event never matches. Keys never seen, empty input: no rows. A late
    row changes what its follower is compared with. Raises MonitorError for a missing time.
    """
    length = read.microseconds(window)
    said = read.says_something(value, events.collect_schema()[value])
    valued = events.select(event_id, entity, value, time).filter(said)
    rows = valued.collect(engine="streaming")
    kept = mixed(rows[entity], rows[value], read.instants(rows[time]), length=length)
    rows = read.in_line(rows, kept, entity=entity, time=time)
    line = time_line(rows[entity], read.instants(rows[time]), gap=length + 1)
    recent = np.diff(line, prepend=line[:1] - length - 1) <= length
    other = rows[value].ne_missing(rows[value].shift())
    return rows.filter(other, pl.Series(recent)).sort(time, maintain_order=True)
