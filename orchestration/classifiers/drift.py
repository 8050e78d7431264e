"""Drift: whether what a model says today is spread as when it was trained, and when to retrain.

By the population stability index of calibrated scores in twenty bins against the held-out part of
training. A platform is no training set, so the index is of use from the first window on only where
the model learned from the platform's own decisions: see docs/classifiers.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.classifiers.pipelines import Model
from orchestration.measurement.operations import psi

SHIFTED = 0.25  # a convention for a shift that matters
GROWN = 0.2  # of the decisions that the model learned from, or had to learn from
LEAST = 200  # scored texts: with fewer, chance alone makes an index as large


@dataclass(frozen=True, slots=True)
class Trigger:
    """Whether to train again, why in one line, and the largest index over the heads."""

    due: bool
    why: str
    index: float | None


def indices(model: Model, scores: pl.DataFrame) -> dict[str, float]:
    """The index of each head over rows of scores; empty under `LEAST` scored rows."""
    found = {}
    for head, reference in model.reference.items():
        column = scores[head].drop_nulls().to_numpy()
        if len(column) >= LEAST:
            found[head] = psi(pl.Series(reference), pl.Series(binned(column, len(reference))))
    return found


def binned(scores: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Counts of probabilities by equal bins of 0 to 1."""
    return np.histogram(scores, bins=bins, range=(0, 1))[0].astype(np.int64)


def trigger(by_head: Mapping[str, float], *, learned: int, decisions: int) -> Trigger:
    """Train again where scores shifted, or where there are a fifth more decisions to learn from.

    `learned` is how many decisions the model learned from, `decisions` how many there are now. A
    model that learned from none is trained again from `LEAST` of them on.
    """
    worst = max(by_head.items(), key=lambda one: one[1], default=None)
    index = None if worst is None else worst[1]
    if worst is not None and worst[1] > SHIFTED:
        return Trigger(due=True, why=f"PSI of {worst[0]} is {worst[1]:.2f}", index=index)
    more = decisions - learned
    if more >= (GROWN * learned if learned else LEAST):
        return Trigger(
            due=True, why=f"{more} more decisions than the {learned} learned", index=index
        )
    return Trigger(due=False, why="no shift and few new decisions", index=index)
