"""Groups of near-duplicate texts: MinHash signatures, bands, and verified links.

Source: Broder, On the resemblance and containment of documents (1997); banding as in Leskovec,
Rajaraman and Ullman, Mining of Massive Datasets, section 3.4. All hashes are arithmetic of our
own, because an engine's may change with its version.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.detectors._links import Places, distinct, first_connected, firsts
from monitors.detectors._shingles import Codes, jaccard, shingles

BANDS, ROWS = 16, 3  # a pair of similarity 0.7 meets in a band with probability 0.999
TEXTS = 4_000  # signed at a time: their shingles stay in the processor's cache
NEIGHBOURS = 4  # older texts of a band that a text is compared with, besides the oldest
MIX = np.uint64(0x9E3779B97F4A7C15)


def _constants(name: str, size: int) -> Codes:
    """Odd numbers drawn once and for all."""
    draws = [hashlib.sha256(f"{name} {i}".encode()).digest()[:8] for i in range(size)]
    return np.array([int.from_bytes(draw, "big") | 1 for draw in draws], np.uint64)


FACTORS = _constants("factor", BANDS * ROWS)
TERMS = _constants("term", BANDS * ROWS)
WEIGHTS = _constants("weight", ROWS)


def oldest_alike(texts: pl.Series, groups: Places, similarity: float) -> Places:
    """Place of the oldest text of each text's cluster within its group.

    `texts` are in order of group and age, distinct within a group. Two texts are linked when they
    share a band and the exact similarity of their shingles is at least `similarity`; a cluster is
    whatever links connect. In a band, a text is compared with the oldest and the four before it.
    """
    oldest = np.arange(len(texts))
    if texts.is_empty():
        return oldest
    known = texts.unique(maintain_order=True)
    numbers = texts.replace_strict(known, np.arange(len(known)), return_dtype=pl.Int64)
    number = numbers.to_numpy()
    keys = band_keys(known)[:, number]
    for backs in ((0,), range(1, NEIGHBOURS + 1)):
        older, newer = _candidates(keys, groups, backs)
        apart = oldest[older] != oldest[newer]  # texts of one cluster need no second link
        older, newer = older[apart], newer[apart]
        alike = _verified(known, number[older], number[newer], similarity)
        one = np.concatenate([older[alike], np.arange(len(texts))])
        other = np.concatenate([newer[alike], oldest])
        oldest = first_connected(one, other, len(texts))
    return oldest


def band_keys(texts: pl.Series) -> Codes:
    """MinHash signatures folded to one key per band; a row per band, a column per text."""
    keys = np.empty((BANDS, len(texts)), np.uint64)
    for at in range(0, len(texts), TEXTS):
        codes, counts = shingles(texts[at : at + TEXTS])
        keys[:, at : at + TEXTS] = _keys(codes, counts.cumsum() - counts)
    return keys


def _keys(codes: Codes, starts: Places) -> Codes:
    mixed = ((codes * MIX) >> np.uint64(32)).astype(np.uint32)
    keys = np.zeros((BANDS, len(starts)), np.uint64)
    for i, (factor, term) in enumerate(zip(FACTORS, TERMS, strict=True)):
        hashed = mixed * factor.astype(np.uint32)
        hashed += term.astype(np.uint32)
        least = np.minimum.reduceat(hashed, starts).astype(np.uint64)
        keys[i // ROWS] += (least + np.uint64(1)) * WEIGHTS[i % ROWS]
    return keys


def _candidates(keys: Codes, groups: Places, backs: Iterable[int]) -> tuple[Places, Places]:
    """Pairs (older, newer) of one group that share a band: linear in the texts, not in pairs.

    Each text is paired with the one `back` places before it in the band, or with the oldest of
    the band for 0.
    """
    size = len(groups)
    places = np.arange(size)
    pairs = [np.empty(0, np.int64)]
    for band in keys:
        order, ranked = _ranked(band ^ (groups.astype(np.uint64) + np.uint64(1)) * MIX)
        group = groups[order]
        first = np.maximum.accumulate(np.where(firsts(ranked), places, 0))
        for back in backs:
            before = np.maximum(places - back, first) if back else first
            met = np.flatnonzero((before < places) & (group == group[before]))
            pairs.append(order[before[met]] * size + order[met])
    older, newer = np.divmod(distinct(np.concatenate(pairs)), size)
    return older, newer


def _ranked(keys: Codes) -> tuple[Places, Codes]:
    """Places in order of key and, within a key, of place; and the keys, cut short, in that order.

    Places go into the low bits, so that plain sorting, which is several times faster, ranks them.
    Keys that the cut makes equal are told apart by the comparison of texts.
    """
    low = np.uint64(len(keys).bit_length())
    ranked = keys >> low << low | np.arange(len(keys), dtype=np.uint64)
    ranked.sort()
    return (ranked & ((np.uint64(1) << low) - np.uint64(1))).astype(np.int64), ranked >> low


def _verified(
    texts: pl.Series, left: Places, right: Places, similarity: float
) -> NDArray[np.bool_]:
    """Whether each pair of texts is similar; a pair that several groups hold is compared once."""
    keys = np.minimum(left, right) * len(texts) + np.maximum(left, right)
    pairs = distinct(keys.copy())
    first, second = np.divmod(pairs, len(texts))
    alike = jaccard(texts, first, second) >= similarity
    return np.asarray(alike[np.searchsorted(pairs, keys)], np.bool_)
