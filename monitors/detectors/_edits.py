"""Edit distance of many names to one word, a letter of all names at a time."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

CHUNK = 10_000  # names compared at a time: their rows stay in the processor's cache
KINDS = 64
LONGEST = 120  # letters compared, so that no count passes what eight bits hold


class Letters:
    """How often names hold each letter: a quick bound, so that few names are compared in full."""

    def __init__(self, names: pl.Series) -> None:
        self._counts = np.stack([_counts(name) for name in names] or [np.zeros(KINDS, np.int64)])
        self._size = len(names)

    def least_edits(self, word: str) -> NDArray[np.int64]:
        """Fewest edits that could turn each name into `word`, as an edit changes two counts."""
        off = self._counts[: self._size] - _counts(word)
        more, fewer = np.maximum(off, 0).sum(axis=1), np.maximum(-off, 0).sum(axis=1)
        fewest: NDArray[np.int64] = np.maximum(more, fewer)
        return fewest


def _counts(name: str) -> NDArray[np.int64]:
    """Letters of a name by their code, those that are equal modulo KINDS together."""
    codes = np.frombuffer(name[:LONGEST].encode("utf-32-le"), np.uint32)
    return np.bincount(codes % KINDS, minlength=KINDS).astype(np.int64)


def edits(names: pl.Series, word: str) -> NDArray[np.int64]:
    """Insertions, deletions, replacements and swaps of neighbours that turn each name into `word`.

    Optimal string alignment: no part is edited twice. Names and word are cut to 120 letters.
    Source: Damerau, A technique for computer detection and correction of spelling errors (1964),
    by the dynamic programme of Wagner and Fischer (1974).
    """
    cut = names.str.slice(0, LONGEST)
    chunks = [_edits(cut[at : at + CHUNK], word[:LONGEST]) for at in range(0, len(cut), CHUNK)]
    return np.concatenate([np.empty(0, np.int64), *chunks])


def _edits(names: pl.Series, word: str) -> NDArray[np.int64]:
    lengths = names.str.len_chars().cast(pl.Int64).to_numpy()
    longest = int(lengths.max())
    padded = "".join(names.str.pad_end(longest, "\0").to_list()).encode("utf-32-le")
    letters = np.ascontiguousarray(np.frombuffer(padded, np.uint32).reshape(-1, longest).T)
    before = np.repeat(np.arange(longest + 1, dtype=np.uint8)[:, None], len(names), axis=1)
    older, hit_before = before, letters == 0  # never read: no letter can be swapped with the first
    for row, letter in enumerate(word):
        hit = letters == ord(letter)
        costs = np.empty_like(before)
        costs[0] = row + 1
        for at in range(longest):
            costs[at + 1] = np.minimum(before[at + 1], costs[at]) + 1
            np.minimum(costs[at + 1], before[at] + ~hit[at], out=costs[at + 1])
            if row and at:
                swapped = hit_before[at] & hit[at - 1]
                swap = np.where(swapped, older[at - 1] + 1, LONGEST * 2)
                np.minimum(costs[at + 1], swap, out=costs[at + 1], casting="unsafe")
        older, before, hit_before = before, costs, hit
    return np.asarray(before[lengths, np.arange(len(names))], np.int64)
