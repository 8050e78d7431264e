"""Which rows can matter at all, by tables of counts instead of a sort.

Sorting every event by its entity would cost most of a detector's time, and few entities can match
at all. A row falls into a cell by the hash of its entity plus the number of its time slot, which
is as long as the window: so a window touches at most two neighbouring cells, and an entity's next
slot is the next cell. When two entities share a cell, only more rows are kept.
"""

import numpy as np
import polars as pl

from monitors.detectors.reset_windows.time_line import Integers, Mask, Numbers


def crowded(entities: pl.Series, times: Integers, *, n: int, length: int) -> Mask:
    """Rows that may lie in a window of `length` with n events of one entity.

    Of a window with n events every event is kept.
    """
    cells, size = _cells(entities, times, length)
    counts = np.bincount(cells, minlength=size)
    full = counts + _following(counts) >= n
    return _either(full)[cells]


def crowded_entities(entities: pl.Series, times: Integers, *, n: int, length: int) -> Mask:
    """All rows of the entities of which `crowded` keeps any row."""
    groups = entities.hash().to_numpy() >> np.uint64(48)
    marked = np.zeros(1 << 16, np.bool_)
    marked[groups[crowded(entities, times, n=n, length=length)]] = True
    kept: Mask = marked[groups]
    return kept


def mixed(entities: pl.Series, values: pl.Series, times: Integers, *, length: int) -> Mask:
    """Rows that may lie in a window of `length` with another value of the same entity.

    Of a window with two values every event is kept. Values are compared by their hash of 64 bits.
    """
    cells, size = _cells(entities, times, length)
    hashes = values.hash().to_numpy()
    some = np.zeros(size, np.uint64)
    some[cells] = hashes  # of whichever row comes last
    taken = np.zeros(size, np.bool_)
    taken[cells] = True
    several = np.zeros(size, np.bool_)
    several[cells[some[cells] != hashes]] = True
    differ = taken & _following(taken) & (some != _following(some))
    return _either(several | _following(several) | differ)[cells]


def _cells(entities: pl.Series, times: Integers, length: int) -> tuple[Integers, int]:
    """Cell of each row in a table about as large as the frame, and the table's size."""
    size = 1 << max(10, len(times).bit_length())
    slots = (times // length).astype(np.uint64)
    cells = (entities.hash().to_numpy() + slots) & np.uint64(size - 1)
    return cells.astype(np.int64), size


def _following(table: Numbers) -> Numbers:
    """Of each cell, what the next one holds: the same entity's next slot."""
    return np.roll(table, -1)


def _either(pairs: Mask) -> Mask:
    """Cells whose pair with the cell after, or with the cell before, is True."""
    return pairs | np.roll(pairs, 1)
