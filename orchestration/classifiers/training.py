"""Training: data to a calibrated model, by one path for the shipped sets and for decisions."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.classifiers.calibration import platt, probabilities
from orchestration.classifiers.data import Loaded, digest, load
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.evaluate import best_cut, measures
from orchestration.classifiers.features import features
from orchestration.classifiers.golden import without_golden
from orchestration.classifiers.harms import CLASSIFIERS
from orchestration.classifiers.pipelines import DESIGNS, Model, fit, judged, logits
from orchestration.classifiers.tone import VALENCE, Lexicon, read_lexicon

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

HELD_OUT = 16  # of 100 texts, by id: for calibration, thresholds and the reference of drift
BINS = 20
SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, the data that it learned from, and its measures on the held-out part, by head."""

    model: Model
    frame: pl.DataFrame
    held_out: dict[str, dict[str, float | int | None]]

    @property
    def digest(self) -> str:
        """Of the training data."""
        return digest(self.frame)


def train_from(name: str, folder: Path, more: pl.DataFrame | None = None) -> tuple[Trained, Loaded]:
    """A classifier of that name from the sets of a folder and `more` rows, of `data.SCHEMA`.

    What the golden set holds is left out of both. Raises ClassifierError.
    """
    loaded = load(folder)
    rows = (
        loaded.frame
        if more is None
        else pl.concat([more, loaded.frame]).unique("text_id", keep="first", maintain_order=True)
    )
    return train(
        name, without_golden(rows), read_lexicon(folder if (folder / VALENCE).exists() else SAMPLES)
    ), loaded


def train(name: str, rows: pl.DataFrame, lexicon: Lexicon) -> Trained:
    """A model of rows of `data.SCHEMA`; their order changes nothing. Raises ClassifierError."""
    if name not in CLASSIFIERS:
        raise ClassifierError(
            f"There is no classifier '{name}'; wanted one of {', '.join(CLASSIFIERS)}."
        )
    frame = rows.sort("text_id")
    matrix = features(frame["text"], lexicon)
    apart, sources = held_out(frame["text_id"]), frame["source"].to_numpy().astype(object)
    heads: dict[str, LogisticRegression] = {}
    calibrators: dict[str, LogisticRegression] = {}
    thresholds: dict[str, float] = {}
    reference: dict[str, NDArray[np.int64]] = {}
    told: dict[str, dict[str, float | int | None]] = {}
    for head in CLASSIFIERS[name]:
        known = judged(frame, head)
        truth = frame[head].fill_null(value=False).to_numpy().astype(bool)
        learned = known & ~apart
        linear = fit(matrix[learned], truth[learned], sources[learned], DESIGNS[head])
        kept = known & apart
        scores = logits(linear, matrix[kept])
        calibrators[head] = platt(scores, truth[kept])
        p = probabilities(calibrators[head], scores)
        heads[head] = linear
        thresholds[head] = best_cut(truth[kept], p)
        reference[head] = np.histogram(p, bins=BINS, range=(0, 1))[0].astype(np.int64)
        told[head] = measures(truth[kept], p, thresholds[head])
    model = Model(name, heads, calibrators, lexicon, thresholds, reference)
    return Trained(model, frame, told)


def held_out(text_ids: pl.Series) -> NDArray[np.bool_]:
    """Which texts are kept from fitting: by their ids, hence always the same ones."""
    return np.array([int(one[:8], 16) % 100 < HELD_OUT for one in text_ids], dtype=bool)
