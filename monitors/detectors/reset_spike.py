"""Many more events of one key than in the window before, with silence after a match."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors import reset_windows as rw


@dataclass(frozen=True)
class Checks:
    """Moments at which a key is checked, in order: `last` is its newest event, `at` the moment.

    Both a position on the time line; `time` is the moment's own time.
    """

    last: rw.Integers
    at: rw.Integers
    time: rw.Integers


def spike(
    events: pl.LazyFrame,
    *,
    key: str,
    ratio: float,
    minimum: int,
    minimum_before: int,
    window: timedelta,
    every: timedelta,
    ids: str = "event_id",
    times: str = "occurred_at",
) -> pl.DataFrame:
    """Events that begin a window with `ratio` times the events of the window before it.

    One row per match, by time: ids, key and time of the oldest event of the current window. A key
    is checked at each of its events and at every multiple of `every` (counted from 1970, until
    the first after the last event of all): it matches with at least `minimum` events in the
    current window `(t - window, t]`, `minimum_before` in the one before, and `ratio` times as
    many. The window before ends with the newest event or multiple of `every` that has left the
    current window. Checks begin two windows after the key's first event and, after a match, two
    windows after the next event or multiple. Nulls are a key of their own. Events count in order
    of time, at one instant in the order of rows; late rows may move every later match. No events,
    no matches. Collects the frame. Raises WindowError for a missing time.
    """
    length, step = rw.microseconds(window), rw.microseconds(every)
    if minimum < 1 or step > length:
        raise rw.WindowError(
            f"minimum is {minimum} and every {every}; give at least 1 and at most {window}."
        )
    rows = events.select(ids, key, times).collect(engine="streaming")
    if rows.is_empty():
        return rows
    instants = rw.instants(rows[times])
    end = (instants.max() // step + 1) * step
    kept = rw.crowded_keys(rows[key], instants, n=minimum, length=length)
    rows = rw.by_key(rows, kept, key=key, times=times)
    instants = rw.instants(rows[times])
    line = rw.time_line(rows[key], instants, gap=5 * length)
    checks = _checks(line, instants, minimum, length, step, end)
    current, before = _counts(line, checks, length, step)
    high = (current >= minimum) & (before >= minimum_before) & (current >= before * ratio)
    high &= checks.at >= _first(rows[key], line)[checks.last] + 2 * length
    oldest = (checks.last + 1 - current)[high]
    resume = _next_item(line, checks, step)[high] + 2 * length
    found = rw.greedy(checks.at[high], resume)
    return rows[oldest[found]].sort(times, maintain_order=True)


def _checks(
    line: rw.Integers, times: rw.Integers, minimum: int, length: int, step: int, end: int
) -> Checks:
    """Events with `minimum` events in their window, and multiples of `step` before that ends."""
    ordinals = np.arange(minimum - 1, len(line))
    enough_until = line[: len(ordinals)] + length  # the window must hold the minimum-th newest
    enough = enough_until > line[ordinals]
    ordinals, enough_until = ordinals[enough], enough_until[enough]
    here, now = line[ordinals], times[ordinals]
    next_event = np.append(line, line[-1:] + length)[ordinals + 1]
    until = np.minimum(np.minimum(next_event, enough_until - 1), here + end - now)
    to_multiple = step - now % step
    multiples = np.maximum(until - here - to_multiple, -step) // step + 1
    last = np.repeat(ordinals, multiples + 1)
    number = np.arange(len(last)) - np.repeat(np.cumsum(multiples + 1) - multiples - 1, multiples + 1)
    wait = np.where(number > 0, np.repeat(to_multiple, multiples + 1) + (number - 1) * step, 0)
    return Checks(last=last, at=line[last] + wait, time=times[last] + wait)


def _counts(
    line: rw.Integers, checks: Checks, length: int, step: int
) -> tuple[rw.Integers, rw.Integers]:
    """Events in the current window and in the one before, at each check."""
    edge = checks.at - length
    left = np.searchsorted(line, edge, side="right")
    multiple = edge - (checks.time - length) % step
    newest = np.maximum(multiple, line[np.maximum(left - 1, 0)])
    gone = np.searchsorted(line, np.minimum(newest, edge) - length, side="right")
    return checks.last + 1 - left, left - gone


def _next_item(line: rw.Integers, checks: Checks, step: int) -> rw.Integers:
    """Position of the next event or multiple of `step`."""
    multiple = checks.at + step - checks.time % step
    follower = np.append(line, np.iinfo(np.int64).max)[checks.last + 1]
    return np.minimum(multiple, follower)


def _first(keys: pl.Series, line: rw.Integers) -> rw.Integers:
    """Position of the first event of each row's key."""
    begins = rw.starts(keys)
    return np.repeat(line[begins], np.diff(begins, append=len(line)))
