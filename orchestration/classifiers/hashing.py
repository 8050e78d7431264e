"""Words, pairs of words and runs of letters as hashed counts, by whole arrays at a time.

Nothing is kept of what was seen: no vocabulary, hence no words of the texts learned from.
"""

import numpy as np
from scipy.sparse import csr_matrix

from orchestration.classifiers.words import PAIR, PRIME, SPACE, Codes, Letters, Rows, Words, mixed

BITS = 18
WIDTH = 1 << BITS
RUNS = (3, 4, 5)


def word_counts(words: Words, height: int) -> csr_matrix:
    """Log counts of words and pairs of words, in rows of length 1; zeros for a text of none."""
    hashes = np.concatenate([words.words, words.pairs])
    return _counts(hashes, np.concatenate([words.rows, words.pair_rows]), height)


def letter_counts(letters: Letters, height: int) -> csr_matrix:
    """The same of runs of 3 to 5 letters within words, where an end of a word is one letter."""
    codes = np.where(letters.inside, letters.codes, SPACE)
    first = np.ones(len(codes), dtype=bool)
    first[1:] = (codes[1:] != SPACE) | (codes[:-1] != SPACE) | (np.diff(letters.rows) != 0)
    codes, rows = codes[first], letters.rows[first]
    found = [_runs(codes, rows, n) for n in RUNS if len(codes) >= n]
    if not found:
        return csr_matrix((height, WIDTH), dtype=np.float32)
    hashes, at = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return _counts(hashes, at, height)


def _runs(codes: Codes, rows: Rows, n: int) -> tuple[Codes, Rows]:
    """Hash and row of each run of `n` letters that goes over no end of a word."""
    size = len(codes) - n + 1
    hashes = np.zeros(size, dtype=np.uint64)
    hold = rows[:size] == rows[n - 1 :]
    for k in range(n):
        part = codes[k : size + k]
        hashes = hashes * PRIME + part + np.uint64(k + 1)
        if 0 < k < n - 1:
            hold &= part != SPACE
    return mixed(hashes[hold] * PAIR + np.uint64(n)), rows[:size][hold]


def _counts(hashes: Codes, rows: Rows, height: int) -> csr_matrix:
    columns = (hashes & np.uint64(WIDTH - 1)).astype(np.int64)
    cells, counts = np.unique((rows << BITS) | columns, return_counts=True)
    at, values = cells >> BITS, 1 + np.log(counts)
    lengths = np.sqrt(np.bincount(at, weights=values**2, minlength=height))
    starts = np.searchsorted(at, np.arange(height + 1)).astype(np.int32)
    unit = (values / lengths[at]).astype(np.float32)
    return csr_matrix((unit, (cells & (WIDTH - 1)).astype(np.int32), starts), (height, WIDTH))
