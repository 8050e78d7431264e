"""Scoring: one calibrated probability a harm and one for any harm, for every text by itself."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from orchestration.classifiers.calibration import probabilities
from orchestration.classifiers.features import batches
from orchestration.classifiers.harms import ANY
from orchestration.classifiers.pipelines import Model, logits

Floats = NDArray[np.float64]


def score(model: Model, texts: pl.Series) -> pl.DataFrame:
    """A column a head, a row a text in the same order; null for a null text and one of no letter.

    Scores of a text do not depend on its neighbours.
    """
    told = pl.Series(texts).cast(pl.String)
    parts = [scored(model, matrix) for matrix in batches(told, model.lexicon)]
    heads = list(model.heads)
    columns = {
        head: np.concatenate([part[head] for part in parts]) if parts else np.zeros(0)
        for head in heads
    }
    blank = (told.is_null() | (told.str.strip_chars() == "")).to_frame("blank")
    frame = pl.DataFrame(columns, schema=dict.fromkeys(heads, pl.Float64))
    empty = blank["blank"]
    return frame.select(pl.when(~empty).then(pl.col(head)).alias(head) for head in heads)


def scored(model: Model, matrix: csr_matrix) -> Mapping[str, Floats]:
    """The same of rows of features. Any harm is at least as probable as each of the harms."""
    found = {
        head: probabilities(model.calibrators[head], logits(linear, matrix))
        for head, linear in model.heads.items()
    }
    if ANY in found:
        found[ANY] = np.max(list(found.values()), axis=0)
    return found
