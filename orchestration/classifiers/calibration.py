"""Calibration: scores of a held-out part made probabilities, and how good these are."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
BINS = 10
UNPENALISED = 1e6


def platt(scores: Floats, labels: NDArray[np.bool_]) -> "LogisticRegression":
    """Platt's curve: probability = sigmoid(a * score + b), by maximum likelihood.

    Two numbers, so that a few hundred held-out texts are enough. An isotonic curve was tried: it
    was no better held out, and gives many texts one score.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow import

    model = LogisticRegression(C=UNPENALISED, max_iter=200)
    model.fit(scores.reshape(-1, 1), labels)
    return model


def probabilities(calibrator: "LogisticRegression", scores: Floats) -> Floats:
    """The calibrated probability of each score."""
    raw = float(calibrator.coef_[0, 0]) * scores + float(calibrator.intercept_[0])
    told: Floats = 1 / (1 + np.exp(-np.clip(raw, -50, 50)))
    return told


def brier(labels: NDArray[np.bool_], probability: Floats) -> float:
    """Mean squared difference of probability and truth; 0 is best. NaN for no rows."""
    return float(np.mean((probability - labels) ** 2)) if len(labels) else float("nan")


def ece(labels: NDArray[np.bool_], probability: Floats) -> float:
    """Expected calibration error: |share of yes - mean probability| over ten bins, by size."""
    if not len(labels):
        return float("nan")
    at = np.minimum((probability * BINS).astype(int), BINS - 1)
    sizes = np.bincount(at, minlength=BINS)
    gaps = np.bincount(at, weights=labels - probability, minlength=BINS)
    return float(np.abs(gaps).sum() / sizes.sum())
