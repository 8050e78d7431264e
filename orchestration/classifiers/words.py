"""The words of many texts as arrays of hashes: the ground of counts and of tone.

The hash is of Unicode code points in unsigned 64-bit arithmetic, the same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
Rows = NDArray[np.int64]

PRIME, PAIR, SHIFT = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15), np.uint64(33)
SPACE = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Letters:
    """All texts as one array of code points, a space around each; the row of each, and if wordy."""

    codes: Codes
    rows: Rows
    inside: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Words:
    """The hash and the row of each word in order; `pairs` likewise, of words beside each other."""

    words: Codes
    rows: Rows
    pairs: Codes
    pair_rows: Rows


def letters_of(texts: Sequence[str]) -> Letters:
    """The letters of texts, in their order."""
    whole = "".join(f" {text} " for text in texts)
    codes = np.frombuffer(whole.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    lengths = np.fromiter((len(text) + 2 for text in texts), dtype=np.int64, count=len(texts))
    rows = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
    return Letters(codes, rows, _wordlike(codes))


def words_of(letters: Letters) -> Words:
    """The words of texts: letters, digits and apostrophes without anything between."""
    edges = np.diff(letters.inside.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        no_codes, no_rows = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
        return Words(no_codes, no_rows, no_codes, no_rows)
    lengths = ends - starts
    firsts = np.cumsum(lengths) - lengths
    within = np.arange(int(lengths.sum())) - np.repeat(firsts, lengths)
    powers = np.cumprod(np.full(int(lengths.max()), PRIME, dtype=np.uint64))
    plain = np.add.reduceat(letters.codes[letters.inside] * powers[within], firsts)
    rows = letters.rows[starts]
    together = rows[1:] == rows[:-1]
    pairs = mixed(plain[:-1] * PAIR + plain[1:])[together]
    return Words(mixed(plain), rows, pairs, rows[1:][together])


def mixed(hashes: Codes) -> Codes:
    """Bits spread over the whole number, so that its last ones differ too."""
    spread = (hashes ^ (hashes >> SHIFT)) * PAIR
    return spread ^ (spread >> SHIFT)


def _wordlike(codes: Codes) -> NDArray[np.bool_]:
    """Letters, digits and the apostrophe; beyond ASCII, whatever is no space or punctuation."""
    small = (codes >= ord("a")) & (codes <= ord("z"))
    digit = (codes >= ord("0")) & (codes <= ord("9"))
    general = (codes >= 0x2000) & (codes <= 0x206F)  # noqa: PLR2004 - Unicode's punctuation
    east = (codes >= 0x3000) & (codes <= 0x303F)  # noqa: PLR2004 - of Chinese and Japanese
    beyond = (codes >= 0xAA) & ~general & ~east  # noqa: PLR2004 - the first letter after ASCII
    wordlike: NDArray[np.bool_] = small | digit | (codes == ord("'")) | beyond
    return wordlike
