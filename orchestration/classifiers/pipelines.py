"""The linear models behind the heads: one logistic regression each, over `features`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from monitors.harms import Harm
from orchestration.classifiers import tone
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.harms import ANY
from orchestration.classifiers.tone import Lexicon

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
ROUNDS, CLOSE = 80, 1e-3
FEW = 10  # judged texts of either value that a head needs
DOUBTFUL = {"edos": 0.2}  # weight of a no: what is not sexist may be abuse of another kind


@dataclass(frozen=True, slots=True)
class Design:
    """How a head is fitted: one model for each of `strengths` (inverse regularisation), averaged.

    Where little is known of a platform, tone counts and words do not: strong regularisation. Where
    much is known, words do. `tone` says whether the head sees tone at all.
    """

    strengths: tuple[float, ...]
    tone: bool


DESIGNS = {
    Harm.HATE_HARASSMENT: Design((0.03, 3.0), tone=True),
    Harm.JAILBREAK: Design((10.0,), tone=False),
    Harm.SPAM: Design((10.0,), tone=False),
    ANY: Design((0.03, 3.0), tone=True),
}


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted classifier: a linear model and a calibrator a head, and the lexicon it reads by.

    `thresholds` are of the calibrated probability; `reference` has, by head, the counts of the
    training's held-out scores in twenty equal bins, against which drift is measured.
    """

    name: str
    heads: Mapping[str, "LogisticRegression"]
    calibrators: Mapping[str, "LogisticRegression"]
    lexicon: Lexicon
    thresholds: Mapping[str, float]
    reference: Mapping[str, NDArray[np.int64]]


def weights(labels: Truth, sources: NDArray[np.object_]) -> Floats:
    """One weight a row, 1 on average: by the size of its source, then yes and no alike.

    A platform with many rows would else decide what abuse is on all of them. Doubtful noes less.
    """
    found = np.ones(len(labels))
    for source in np.unique(sources):
        found[sources == source] = 1 / (sources == source).sum()
    for value in (True, False):
        found[labels == value] /= found[labels == value].sum()
    for source, less in DOUBTFUL.items():
        found[(sources == source) & ~labels] *= less
    balanced: Floats = found / found.mean()
    return balanced


def fit(
    matrix: csr_matrix, labels: Truth, sources: NDArray[np.object_], design: Design
) -> "LogisticRegression":
    """A head fitted to rows of features; the same rows in the same order give the same head.

    The mean of linear models is one: each is scaled by the spread of its scores. Raises
    ClassifierError for too few texts of either value.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow import

    yes = int(labels.sum())
    if min(yes, len(labels) - yes) < FEW:
        raise ClassifierError(
            f"A head has {yes} texts that are and {len(labels) - yes} that are not; wanted {FEW} "
            "of each at least. Give it more data, or leave the head out."
        )
    width = matrix.shape[1] if design.tone else matrix.shape[1] - tone.WIDTH
    met = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1])[:width])
    seen = matrix[:, met]  # what no text has weighs nothing
    weight = weights(labels, sources)
    coef, intercept = np.zeros(len(met)), 0.0
    for strength in design.strengths:
        model = LogisticRegression(C=strength, max_iter=ROUNDS, tol=CLOSE)
        model.fit(seen, labels, sample_weight=weight)
        spread = float(np.std(model.decision_function(seen))) * len(design.strengths)
        coef += model.coef_[0] / spread
        intercept += float(model.intercept_[0]) / spread
    model.coef_ = np.zeros((1, matrix.shape[1]), dtype=np.float32)
    model.coef_[0, met] = coef
    model.intercept_ = np.array([intercept])
    return model


def judged(frame: pl.DataFrame, head: str) -> Truth:
    """Which rows were judged for a head."""
    return frame[head].is_not_null().to_numpy()


def logits(model: "LogisticRegression", matrix: csr_matrix) -> Floats:
    """What a head says of rows of features before it is calibrated."""
    told: Floats = np.asarray(matrix @ model.coef_[0], dtype=np.float64)
    return told + float(model.intercept_[0])
