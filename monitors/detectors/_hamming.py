"""Pairs of 64-bit numbers that differ in few bits, by multi-index hashing."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

PARTS, WIDTH = 4, 16  # a number is four parts of sixteen bits
FARTHEST = 2 * PARTS - 1  # seven bits over four parts: one part differs in at most one bit
CANDIDATES = 1 << 22  # compared at a time, so that memory does not follow their number

Bits = NDArray[np.uint64]
Places = NDArray[np.int64]
Pairs = tuple[Places, Places, Places]


def close_pairs(ours: Bits, theirs: Bits, distance: int) -> Pairs:
    """Places in `ours` and in `theirs` of every pair within `distance` bits, and its distance.

    Pigeonhole: when d bits differ over four parts, one part differs in at most d // 4. Theirs are
    filed under each part and, from d = 4, under its sixteen neighbours; ours are looked up. A
    pair that meets in several parts is given several times.
    """
    none = np.empty(0, np.int64)
    found = [(none, none, none)]
    if len(theirs):
        for part in range(PARTS):
            found.extend(_meeting(ours, theirs, part, distance))
    one, other, bits = zip(*found, strict=True)
    return np.concatenate(one), np.concatenate(other), np.concatenate(bits)


def _meeting(ours: Bits, theirs: Bits, part: int, distance: int) -> Iterator[Pairs]:
    """Pairs within the distance that meet in one part."""
    flips = [0] if distance < PARTS else [0, *(1 << bit for bit in range(WIDTH))]
    filed = np.concatenate([_part(theirs, part) ^ flip for flip in flips])
    order = np.argsort(filed, kind="stable")
    starts = np.searchsorted(filed[order], np.arange((1 << WIDTH) + 1))
    theirs_at = order % len(theirs)
    sought = _part(ours, part)
    begin, count = starts[sought], starts[sought + 1] - starts[sought]
    for low, high in _chunks(count.cumsum()):
        several = count[low:high]
        one = np.repeat(np.arange(low, high), several)
        within = np.arange(len(one)) - np.repeat(several.cumsum() - several, several)
        other = theirs_at[np.repeat(begin[low:high], several) + within]
        bits = np.bitwise_count(ours[one] ^ theirs[other]).astype(np.int64)
        near = bits <= distance
        yield one[near], other[near], bits[near]


def _part(numbers: Bits, part: int) -> Places:
    shifted = numbers >> np.uint64(WIDTH * part) & np.uint64((1 << WIDTH) - 1)
    return shifted.astype(np.int64)


def _chunks(total: Places) -> Iterator[tuple[int, int]]:
    """Spans of ours that have about CANDIDATES each, one of ours at least."""
    low = 0
    while low < len(total):
        before = total[low - 1] if low else 0
        high = int(np.searchsorted(total, before + CANDIDATES, side="right"))
        yield low, max(high, low + 1)
        low = max(high, low + 1)
