"""What a model sees of texts: hashed words and runs of letters, and their tone."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, hstack, vstack

from orchestration.classifiers import hashing, tone
from orchestration.classifiers.normalise import normalised
from orchestration.classifiers.tone import Lexicon
from orchestration.classifiers.words import letters_of, words_of

VERSION = 1  # of what this package makes of a text; a model of another version is refused
BATCH = 1000
WIDTH = 2 * hashing.WIDTH + tone.WIDTH


def features(texts: pl.Series, lexicon: Lexicon) -> csr_matrix:
    """A row of `WIDTH` numbers for each text, each by itself; a null text counts as empty."""
    parts = list(batches(texts, lexicon))
    return vstack(parts, format="csr") if parts else csr_matrix((0, WIDTH), dtype=np.float32)


def batches(texts: pl.Series, lexicon: Lexicon) -> Iterator[csr_matrix]:
    """The same, some texts at a time, so that many need no more memory than few."""
    for part in texts.fill_null("").to_frame("text").iter_slices(BATCH):
        plain = normalised(part["text"]).to_list()
        letters = letters_of(plain)
        words = words_of(letters)
        blocks = [
            hashing.word_counts(words, len(plain)),
            hashing.letter_counts(letters, len(plain)),
            csr_matrix(tone.tone(words, lexicon, len(plain)).astype(np.float32)),
        ]
        yield hstack(blocks, format="csr", dtype=np.float32)
