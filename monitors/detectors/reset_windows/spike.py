"""Detector `reset_windows.spike`: many more events than in the window before, then silence."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors._cells import require_positive
from monitors.detectors.reset_windows import rows as read
from monitors.detectors.reset_windows.sieve import crowded_entities
from monitors.detectors.reset_windows.time_line import Integers, greedy, starts, time_line
from monitors.errors import MonitorError


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments at which an entity is checked, in order.

    `last` is the row of its newest event, `at` the moment's position on the line, `time` the
    moment itself in microseconds.
    """

    last: Integers
    at: Integers
    time: Integers


def spike(
    events: pl.LazyFrame,
    *,
    entity: str,
    ratio: float,
    minimum: int,
    minimum_reference: int,
    window: timedelta,
    every: timedelta,
    time: str = "occurred_at",
    event_id: str = "event_id",
) -> pl.DataFrame:
    """Events that begin a window with `ratio` times the events of the window before it.

    One row per match, by time: id, entity and time of the oldest event in the current window
    `(t - window, t]`. An entity is checked at each of its events and at each multiple of `every`
    since 1970, up to the first after the last event of all. It matches with at least `minimum`
    events in the current window, `minimum_reference` in the one before, and `ratio` times as
    many. The window before is as long, and ends with the newest event or multiple of `every` that
    has left the current one. Null is an entity too. Collects the frame.

    Overlap: windows slide; after a match an entity is silent for two windows from its next event
    or multiple of `every`. Zero history: checks begin two windows after an entity's first event.
    Keys never seen, empty input: no rows. Late rows may move every later match of their entity.
    Raises MonitorError for a missing time, or if `every` is longer than `window`.
    """
    require_positive(ratio=ratio, minimum=minimum)
    length, step = read.microseconds(window), read.microseconds(every)
    if step > length:
        raise MonitorError(f"'every' is {every}; give at most the window, {window}.")
    rows = events.select(event_id, entity, time).collect(engine="streaming")
    if rows.is_empty():
        return rows
    times = read.instants(rows[time])
    end = int(times.max()) // step * step + step
    kept = crowded_entities(rows[entity], times, n=minimum, length=length)
    rows = read.in_line(rows, kept, entity=entity, time=time)
    times = read.instants(rows[time])
    line = time_line(rows[entity], times, gap=5 * length)  # silence ends before the next entity
    moments = _moments(line, times, minimum=minimum, length=length, step=step, end=end)
    current, reference = _counts(line, moments, length=length, step=step)
    high = (reference >= minimum_reference) & (current >= reference * ratio)
    high &= moments.at >= _first(rows[entity], line)[moments.last] + 2 * length
    resume = _next_item(line, moments, step)[high] + 2 * length
    oldest = (moments.last + 1 - current)[high]
    return rows[oldest[greedy(moments.at[high], resume)]].sort(time, maintain_order=True)


def _moments(
    line: Integers, times: Integers, *, minimum: int, length: int, step: int, end: int
) -> Moments:
    """Moments with `minimum` events in the current window: events, and multiples of `step`.

    After an event the multiples run up to the entity's next one, as long as the window still
    holds the minimum, and to the `end`.
    """
    last = np.arange(minimum - 1, len(line))
    full_until = line[: len(last)] + length
    full = full_until > line[last]
    last, full_until = last[full], full_until[full]
    next_event = np.append(line, line[-1:] + length)[last + 1]
    until = np.minimum(np.minimum(next_event, full_until - 1) - line[last], end - times[last])
    to_multiple = step - times[last] % step
    repeats = 1 + np.maximum((until - to_multiple) // step + 1, 0)
    number = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    wait = np.where(number > 0, np.repeat(to_multiple, repeats) + (number - 1) * step, 0)
    last = np.repeat(last, repeats)
    return Moments(last=last, at=line[last] + wait, time=times[last] + wait)


def _counts(
    line: Integers, moments: Moments, *, length: int, step: int
) -> tuple[Integers, Integers]:
    """Events in the current window and in the one before, at each moment."""
    edge = moments.at - length
    left = np.searchsorted(line, edge, side="right")
    newest_event = line[np.maximum(left - 1, 0)]
    newest_multiple = edge - (moments.time - length) % step
    newest = np.minimum(np.maximum(newest_event, newest_multiple), edge)
    gone = np.searchsorted(line, newest - length, side="right")
    return moments.last + 1 - left, left - gone


def _next_item(line: Integers, moments: Moments, step: int) -> Integers:
    """Position of the next event or multiple of `step`."""
    multiple = moments.at + step - moments.time % step
    follower: Integers = np.append(line, np.iinfo(np.int64).max)[moments.last + 1]
    item: Integers = np.minimum(multiple, follower)
    return item


def _first(entities: pl.Series, line: Integers) -> Integers:
    """Position of the first event of each row's entity."""
    begins = starts(entities)
    first: Integers = np.repeat(line[begins], np.diff(begins, append=len(line)))
    return first
