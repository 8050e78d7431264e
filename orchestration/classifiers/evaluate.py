"""How good a model is on texts that were judged: by head, by slice, and on what only looks bad."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.classifiers.calibration import brier, ece
from orchestration.classifiers.harms import ANY
from orchestration.classifiers.pipelines import Model
from orchestration.classifiers.score import score

Floats = NDArray[np.float64]
LEAST_CELL = 30
FALSE_ALARMS = 0.05
XSTEST = "xstest"
LENGTHS = {"short": 40, "medium": 200}
SCHEMA = pl.Schema(
    {
        "head": pl.String(),
        "slice": pl.String(),
        "n": pl.Int64(),
        "positives": pl.Int64(),
        "precision": pl.Float64(),
        "recall": pl.Float64(),
        "f1": pl.Float64(),
        "pr_auc": pl.Float64(),
        "roc_auc": pl.Float64(),
        "recall_at_5_fpr": pl.Float64(),
        "brier": pl.Float64(),
        "ece": pl.Float64(),
    }
)


def evaluate(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """One row of `SCHEMA` a head and slice: `all`, by source, language and length.

    A slice under 30 judged texts is left out. Precision, recall and F1 are at the model's
    threshold; null where nothing was flagged or nothing is positive, and areas where all texts are
    of one value.
    """
    found = score(model, frame["text"])
    rows = []
    for head in model.heads:
        for name, chosen in slices(frame):
            picked = chosen & frame[head].is_not_null() & found[head].is_not_null()
            truth = frame[head].filter(picked).to_numpy().astype(bool)
            if len(truth) >= LEAST_CELL:
                p = found[head].filter(picked).to_numpy()
                rows.append({"head": head, "slice": name} | measures(truth, p, _cut(model, head)))
    return pl.DataFrame(rows, schema=SCHEMA)


def over_blocking(model: Model, frame: pl.DataFrame) -> dict[str, float | int]:
    """Of XSTest's prompts in the frame: shares flagged as any harm, of the safe and the unsafe.

    Empty where the frame has none of them.
    """
    own = frame.filter(pl.col("source") == XSTEST, pl.col(ANY).is_not_null())
    if own.is_empty():
        return {}
    flagged = score(model, own["text"])[ANY] >= _cut(model, ANY)
    safe, unsafe = ~own[ANY], own[ANY]
    return {
        "safe": int(safe.sum()),
        "safe_flagged": float(flagged.filter(safe).mean() or 0),  # type: ignore[arg-type]
        "unsafe": int(unsafe.sum()),
        "unsafe_flagged": float(flagged.filter(unsafe).mean() or 0),  # type: ignore[arg-type]
    }


def slices(frame: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    """Every slice by name, and which rows are in it."""
    yield "all", pl.Series([True] * frame.height, dtype=pl.Boolean)
    for column in ("source", "language"):
        for value in sorted(frame[column].drop_nulls().unique()):
            yield f"{column}={value}", (frame[column] == value).fill_null(value=False)
    size = frame["text"].str.len_chars()
    yield "length=short", size < LENGTHS["short"]
    yield "length=medium", size.is_between(LENGTHS["short"], LENGTHS["medium"], closed="left")
    yield "length=long", size >= LENGTHS["medium"]


def measures(truth: NDArray[np.bool_], p: Floats, cut: float) -> dict[str, float | int | None]:
    """Every measure of probabilities against the truth, at one threshold."""
    from sklearn.metrics import (  # noqa: PLC0415 - slow import
        average_precision_score,
        roc_auc_score,
    )

    flagged, yes = p >= cut, int(truth.sum())
    hits = int((flagged & truth).sum())
    both = 0 < yes < len(truth)
    return {
        "n": len(truth),
        "positives": yes,
        "precision": hits / int(flagged.sum()) if flagged.any() else None,
        "recall": hits / yes if yes else None,
        "f1": 2 * hits / (int(flagged.sum()) + yes) if flagged.any() or yes else None,
        "pr_auc": float(average_precision_score(truth, p)) if both else None,
        "roc_auc": float(roc_auc_score(truth, p)) if both else None,
        "recall_at_5_fpr": recall_at(truth, p) if both else None,
        "brier": brier(truth, p),
        "ece": ece(truth, p),
    }


def recall_at(truth: NDArray[np.bool_], p: Floats, share: float = FALSE_ALARMS) -> float:
    """Recall at the lowest threshold that flags at most `share` of what is benign."""
    benign = np.sort(p[~truth])[::-1]
    cut = benign[min(int(share * len(benign)), len(benign) - 1)]
    return float((p[truth] > cut).mean())


def best_cut(truth: NDArray[np.bool_], p: Floats) -> float:
    """The threshold with the best F1; the highest of equals."""
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(p) + 1) + truth.sum())
    last = np.append(p[order][1:] != p[order][:-1], [True])  # equal scores are flagged together
    return float(p[order][int(np.argmax(np.where(last, f1, -1)))])


def _cut(model: Model, head: str) -> float:
    return float(model.thresholds[head])
