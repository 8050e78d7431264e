"""Texts as sets of shingles: normalisation, byte shingles, and exact Jaccard similarity."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.detectors._links import Places

SIZE = 5  # bytes in a shingle
BITS = 8 * SIZE  # a shingle is its own code: no hash, no collision
PAIRS = 1 << 16  # compared at a time, so that memory does not follow their number

Codes = NDArray[np.uint64]


def normalised(text: pl.Expr) -> pl.Expr:
    """Text without what varies between copies: case, addresses, numbers, white space."""
    return (
        text.str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all(r"https?://\S+|www\.\S+", "url")
        .str.replace_all(r"\d+([.,:]\d+)*", "0")
        .str.replace_all(r"\s{2,}|[^\S ]", " ")
        .str.strip_chars()
    )


def shingles(texts: pl.Series) -> tuple[Codes, Places]:
    """Every run of SIZE bytes of UTF-8 as a number, and the number of them in each text.

    A text of fewer bytes is padded with spaces, so that every text has one.
    """
    padded = texts.str.pad_end(SIZE, " ")
    lengths = padded.str.len_bytes().cast(pl.Int64).to_numpy()
    buffer = np.frombuffer("".join(padded.to_list()).encode(), np.uint8)
    codes = np.zeros(max(len(buffer) - SIZE + 1, 0), np.uint64)
    for place in range(SIZE):
        part = buffer[place : place + len(codes)].astype(np.uint64)
        codes |= part << np.uint64(8 * place)
    inside = np.ones(len(buffer), np.bool_)
    ends = lengths.cumsum()
    for place in range(1, SIZE):
        inside[ends - place] = False
    return codes[inside[: len(codes)]], lengths - SIZE + 1


def jaccard(texts: pl.Series, left: Places, right: Places) -> NDArray[np.float64]:
    """Jaccard similarity of the shingle sets of pairs of texts, each given by its place."""
    chunks = [
        _jaccard(texts, left[at : at + PAIRS], right[at : at + PAIRS])
        for at in range(0, len(left), PAIRS)
    ]
    return np.concatenate([np.empty(0), *chunks])


def _jaccard(texts: pl.Series, left: Places, right: Places) -> NDArray[np.float64]:
    from scipy.sparse import csr_array  # noqa: PLC0415 - slow to import

    used, both = np.unique(np.concatenate([left, right]), return_inverse=True)
    codes, counts = shingles(texts.gather(used))
    places = np.concatenate([[0], counts.cumsum()])
    ones = np.ones(len(codes), np.int8)
    sets = csr_array((ones, codes.astype(np.int64), places), shape=(len(used), 1 << BITS))
    sets.sum_duplicates()
    sets.data[:] = 1  # 256 copies of a shingle added up to 0
    one, other = sets[both[: len(left)]], sets[both[len(left) :]]
    shared = np.diff(one.multiply(other).indptr)
    either = np.diff(one.indptr) + np.diff(other.indptr) - shared
    return np.asarray(shared / either, np.float64)
