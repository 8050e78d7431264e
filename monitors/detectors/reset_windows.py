"""What the detectors with resetting windows share: a cheap sieve, one time line, a greedy walk.

These detectors see a whole frame and keep state from event to event: after a match they start
anew. Sorting every event by key would cost most of the time, and few keys can match at all. So a
columnar sieve drops the rows that cannot matter, and only the rest is sorted and walked.
"""

from datetime import timedelta
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.uint64, np.bool_)


class WindowError(ValueError):
    """A detector's settings contradict each other."""


def microseconds(window: timedelta) -> int:
    """Length of a window in microseconds; WindowError unless it is longer than nothing."""
    length = window // timedelta(microseconds=1)
    if length <= 0:
        raise WindowError(f"The window is {window}; give one longer than nothing.")
    return length


def instants(times: pl.Series) -> Integers:
    """Times in microseconds; WindowError if one is missing."""
    if times.null_count():
        raise WindowError(
            f"Column '{times.name}' has {times.null_count()} nulls; drop events without a time."
        )
    return times.dt.timestamp("us").to_numpy()


def crowded(keys: pl.Series, times: Integers, *, n: int, length: int) -> Mask:
    """Rows that may lie within `length` of n - 1 others with the same key; True errs on keeping.

    Of a window with n events every event is kept. Events are counted per key and slot of that
    length, by hash: a window touches at most two neighbouring slots, and a slot's neighbour is
    the next cell, so a collision can only keep more.
    """
    cells, size = _cells(keys, times, length)
    counts = np.bincount(cells, minlength=size)
    full = counts + _following(counts) >= n
    return _either(full)[cells]


def crowded_keys(keys: pl.Series, times: Integers, *, n: int, length: int) -> Mask:
    """All rows of the keys of which `crowded` keeps any row."""
    hashes = keys.hash().to_numpy()
    marked = np.zeros(1 << 16, np.bool_)
    bits = hashes >> np.uint64(48)
    marked[bits[crowded(keys, times, n=n, length=length)]] = True
    return marked[bits]


def mixed(keys: pl.Series, values: pl.Series, times: Integers, *, length: int) -> Mask:
    """Rows that may lie within `length` of one with the same key and another value.

    Of such a window every event is kept, as in `crowded`: a pair of slots is mixed if its rows do
    not all have one value, by hash, so a collision of 64 bits could lose a change.
    """
    cells, size = _cells(keys, times, length)
    hashes = values.hash().to_numpy()
    some = np.zeros(size, np.uint64)
    some[cells] = hashes  # of whichever row comes last
    taken = np.zeros(size, np.bool_)
    taken[cells] = True
    several = np.zeros(size, np.bool_)
    several[cells[some[cells] != hashes]] = True
    differ = taken & _following(taken) & (some != _following(some))
    return _either(several | _following(several) | differ)[cells]


def by_key(rows: pl.DataFrame, kept: Mask, *, key: str, times: str) -> pl.DataFrame:
    """The kept rows by key and time; events of one key and instant stay in their order."""
    return rows.filter(pl.Series(kept)).sort(key, times, maintain_order=True)


def time_line(keys: pl.Series, times: Integers, *, gap: int) -> Integers:
    """Positions of events, sorted by key and time, on one line where keys lie `gap` apart.

    Within `gap`, differences between positions are differences in time; longer pauses shrink to
    `gap`. So a window of one key is a slice of the line, and never holds another key's events.
    """
    steps = np.minimum(np.diff(times, prepend=times[:1]), gap)
    steps[starts(keys)] = gap
    return np.cumsum(steps)


def starts(keys: pl.Series) -> Integers:
    """First row of each run of equal keys."""
    changes = keys.ne_missing(keys.shift()).to_numpy(writable=True)
    changes[:1] = True
    return np.flatnonzero(changes)


def greedy(positions: Integers, resume: Integers) -> list[int]:
    """Indices of the candidates that match: the first, then the first at or over its `resume`...

    `positions` ascend; `resume` says from which position on a candidate that matched lets the next
    one match.
    """
    following = np.searchsorted(positions, resume, side="left").tolist()
    found = []
    candidate = 0
    while candidate < len(following):
        found.append(candidate)
        candidate = following[candidate]
    return found


def _following(table: NDArray[Number]) -> NDArray[Number]:
    """Of each cell, what the next one holds: the same key's next slot."""
    return np.roll(table, -1)


def _either(pairs: Mask) -> Mask:
    """Cells of which the pair with the cell after or with the cell before is True."""
    return pairs | np.roll(pairs, 1)


def _cells(keys: pl.Series, times: Integers, length: int) -> tuple[Integers, int]:
    """Cell of each row in a table about as large as the frame, and the table's size."""
    size = 1 << max(10, len(times).bit_length())
    slots = (times // length).astype(np.uint64)
    cells = (keys.hash().to_numpy() + slots) & np.uint64(size - 1)
    return cells.astype(np.int64), size
