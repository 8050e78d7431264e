"""Tone: how hard, how rude and to whom a text speaks, by lexicons that are of no platform.

Words learned on one platform say little on another; that obscene and hostile words, said to "you",
are abuse holds everywhere. A lexicon is kept as hashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.normalise import normalised
from orchestration.classifiers.words import Codes, Rows, Words, letters_of, words_of

VALENCE, OBSCENE = "lexicons/valence.tsv.gz", "lexicons/obscene.txt.gz"
YOU = "you your ur u you're youre yourself yours yall y'all"
THEM = "they them their these those"
ME = "i me my mine i'm im"
STRONG, MOST, DAMP = -2.0, 4.0, 15.0  # as Hutto and Gilbert (2014) scale valence
WIDTH = 14
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Hashes in order. `values` is the valence, -4 to 4, of each of `words`."""

    words: Codes
    values: Floats
    obscene: Codes


def read_lexicon(folder: Path) -> Lexicon:
    """The lexicons of a folder such as samples/. Raises ClassifierError where one is missing."""
    valence, obscene = folder / VALENCE, folder / OBSCENE
    for path in (valence, obscene):
        if not path.exists():
            raise ClassifierError(
                f"There is no '{path.name}' in '{folder.name}/lexicons'; wanted the lexicons of "
                "samples/. Copy them, or give another --data."
            )
    known = pl.read_csv(valence, separator="\t", quote_char=None)
    hashes = _hashes(known["word"].to_list())
    values = {h: v for hs, v in zip(hashes, known["valence"], strict=True) for h in hs[:1]}
    rude = pl.read_csv(obscene, has_header=False, new_columns=["word"], quote_char=None)
    bad = {hs[-1] for hs in _hashes(rude["word"].to_list()) if hs}
    words = np.array(sorted(values), dtype=np.uint64)
    return Lexicon(
        words,
        np.array([values[h] for h in words.tolist()], dtype=np.float64),
        np.array(sorted(bad), dtype=np.uint64),
    )


def _hashes(terms: Sequence[str]) -> list[list[int]]:
    """Of each term its word's hash, its pair's if it has two; nothing for longer and for signs."""
    found = words_of(letters_of(normalised(pl.Series(terms)).to_list()))
    told: list[list[int]] = [[] for _ in terms]
    lengths = np.bincount(found.rows, minlength=len(terms))
    for row, one in zip(found.rows.tolist(), found.words.tolist(), strict=True):
        if lengths[row] == 1:
            told[row] = [one]
    for row, pair in zip(found.pair_rows.tolist(), found.pairs.tolist(), strict=True):
        if lengths[row] == 2:  # noqa: PLR2004 - a pair
            told[row] = [pair]
    return told


def tone(words: Words, lexicon: Lexicon, height: int) -> Floats:
    """`WIDTH` numbers a text, each from -1 to about 1, that grow with no length of it."""
    rows = words.rows
    size = np.maximum(np.bincount(rows, minlength=height), 1)
    values = _values(words.words, lexicon)
    hard = np.bincount(rows, weights=np.maximum(-values, 0), minlength=height)
    kind = np.bincount(rows, weights=np.maximum(values, 0), minlength=height)
    worst = np.zeros(height)
    np.minimum.at(worst, rows, values)
    strong = np.bincount(rows[values <= STRONG], minlength=height)
    rude = _said(words.words, rows, lexicon.obscene, height)
    rude = rude + _said(words.pairs, words.pair_rows, lexicon.obscene, height)
    you, them, me = (_said(words.words, rows, _listed(w), height) for w in (YOU, THEM, ME))
    return np.column_stack(
        [
            hard / np.sqrt(hard**2 + DAMP),
            kind / np.sqrt(kind**2 + DAMP),
            worst / -MOST,
            np.log1p(strong) / 2,
            np.log1p(rude) / 2,
            rude > 0,
            np.minimum(1, hard / size),
            np.minimum(1, 3 * rude / size),
            you > 0,
            np.minimum(1, 3 * you / size),
            (you > 0) & (hard > 0),
            (you > 0) & (rude > 0),
            (them > 0) & (hard > 0),
            me > 0,
        ]
    ).astype(np.float64)


def _values(words: Codes, lexicon: Lexicon) -> Floats:
    if not len(lexicon.words):
        return np.zeros(len(words))
    at = np.minimum(np.searchsorted(lexicon.words, words), len(lexicon.words) - 1)
    return np.where(lexicon.words[at] == words, lexicon.values[at], 0.0)


def _said(words: Codes, rows: Rows, listed: Codes, height: int) -> NDArray[np.int64]:
    """How many of the words of each text are listed."""
    return np.bincount(rows[np.isin(words, listed)], minlength=height)


@cache
def _listed(words: str) -> Codes:
    return np.sort(words_of(letters_of([words])).words)
