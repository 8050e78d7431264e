"""Training: data to a calibrated model, by one path for the shipped sets and for decisions."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.classifiers.calibration import platt
from orchestration.classifiers.data import Loaded, digest, load
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.evaluate import best_cut, measures
from orchestration.classifiers.features import features
from orchestration.classifiers.golden import without_golden
from orchestration.classifiers.harms import CLASSIFIERS
from orchestration.classifiers.pipelines import DESIGNS, Model, fit, judged, logits
from orchestration.classifiers.score import scored
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
    words = folder if (folder / VALENCE).exists() else SAMPLES
    return train(name, without_golden(rows), read_lexicon(words)), loaded


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
    kept = {head: judged(frame, head) & apart for head in CLASSIFIERS[name]}
    truths = {h: frame[h].fill_null(value=False).to_numpy().astype(bool) for h in kept}
    for head, truth in truths.items():
        learned = judged(frame, head) & ~apart
        heads[head] = fit(matrix[learned], truth[learned], sources[learned], DESIGNS[head])
        scores = logits(heads[head], matrix[kept[head]])
        calibrators[head] = platt(scores, truth[kept[head]])
    model = Model(name, heads, calibrators, lexicon, thresholds, reference)
    for head, truth in truths.items():
        p, own = scored(model, matrix[kept[head]])[head], truth[kept[head]]
        thresholds[head] = best_cut(own, p)
        reference[head] = np.histogram(p, bins=BINS, range=(0, 1))[0].astype(np.int64)
        told[head] = measures(own, p, thresholds[head])
    return Trained(model, frame, told)


def held_out(text_ids: pl.Series) -> NDArray[np.bool_]:
    """Which texts are kept from fitting: by their ids, hence always the same ones."""
    return np.array([int(one[:8], 16) % 100 < HELD_OUT for one in text_ids], dtype=bool)
