"""One time line for all entities, and the greedy walk along it."""

from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]
Numbers = TypeVar("Numbers", NDArray[np.int64], NDArray[np.uint64], NDArray[np.bool_])


def time_line(entities: pl.Series, times: Integers, *, gap: int) -> Integers:
    """Positions of events, sorted by entity and time, on one line with entities `gap` apart.

    Up to `gap`, differences between positions are differences in time; longer pauses shrink to
    `gap`. So a window of one entity is a slice of the line, without another entity's events.
    """
    steps = np.minimum(np.diff(times, prepend=times[:1]), gap)
    steps[starts(entities)] = gap
    return np.cumsum(steps)


def starts(entities: pl.Series) -> Integers:
    """First row of each run of equal entities."""
    begins = entities.ne_missing(entities.shift()).to_numpy(writable=True)
    begins[:1] = True
    return np.flatnonzero(begins)


def greedy(positions: Integers, resume: Integers) -> list[int]:
    """Candidates that match: the first, then the first at or after its `resume`, and so on.

    `positions` ascend; `resume` says for each candidate from which position on the next one may
    match, once this one has.
    """
    following = np.searchsorted(positions, resume, side="left").tolist()
    found = []
    candidate = 0
    while candidate < len(following):
        found.append(candidate)
        candidate = following[candidate]
    return found
