"""Classifiers in numbers: sources never seen in training, the golden set, and speed.

    python -m benchmarks.classifiers

Each source in turn is left out of training and then judged, with XSTest, which no training has.
"""

import time
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from orchestration.classifiers.calibration import ece, platt, probabilities
from orchestration.classifiers.data import load
from orchestration.classifiers.evaluate import evaluate, over_blocking, recall_at
from orchestration.classifiers.features import features
from orchestration.classifiers.golden import golden
from orchestration.classifiers.harms import ANY, HARMS, TEXT_HARMS
from orchestration.classifiers.pipelines import DESIGNS, fit, logits
from orchestration.classifiers.score import score
from orchestration.classifiers.sources import SOURCES, XSTEST
from orchestration.classifiers.tone import read_lexicon
from orchestration.classifiers.training import held_out, train_from

SAMPLES = Path(__file__).parents[1] / "samples"
LEFT_OUT = ("convabuse", "edos", "toxicity", "sms", "injections", "jailbreaks", "xstest")
Floats = NDArray[np.float64]


def left_out(frame: pl.DataFrame) -> pl.DataFrame:
    """A row a head and a source that its training did not see; benign jailbreaks are XSTest's."""
    matrix = features(frame["text"], read_lexicon(SAMPLES))
    sources, apart = frame["source"].to_numpy().astype(object), held_out(frame["text_id"])
    rows = []
    for out in LEFT_OUT:
        tested = (sources == out) | ((sources == XSTEST.name) & (out == "jailbreaks"))
        found: dict[str, Floats] = {}
        for head in (*HARMS, ANY):
            known = frame[head].is_not_null().to_numpy()
            truth = frame[head].fill_null(value=False).to_numpy().astype(bool)
            learned = known & (sources != out) & (sources != XSTEST.name)
            if not truth[learned].any():
                continue
            fitted, kept = learned & ~apart, learned & apart
            linear = fit(matrix[fitted], truth[fitted], sources[fitted], DESIGNS[head])
            by = platt(logits(linear, matrix[kept]), truth[kept])
            found[head] = probabilities(by, logits(linear, matrix[tested]))
            if head == ANY:
                others = np.prod([1 - found[one] for one in HARMS if one in found], axis=0)
                found["any, 1 - prod(1 - p)"] = 1 - others
                harms = [found[one] for one in HARMS if one in found]
                found["any, highest of all"] = np.max([found[ANY], *harms], axis=0)
        for name, p in found.items():
            rows += _row(name, out, frame.filter(pl.Series(tested)), p)
    return pl.DataFrame(rows)


def _row(name: str, out: str, rows: pl.DataFrame, p: Floats) -> list[dict[str, object]]:
    head = ANY if name.startswith(ANY) else name
    known = rows[head].is_not_null().to_numpy()
    truth = rows[head].drop_nulls().to_numpy().astype(bool)
    if len(set(truth)) < 2:  # noqa: PLR2004 - both values
        return []
    p = p[known]
    return [
        {
            "head": name,
            "left out": out,
            "n": len(truth),
            "roc_auc": float(roc_auc_score(truth, p)),
            "pr_auc": float(average_precision_score(truth, p)),
            "recall_at_5_fpr": recall_at(truth, p),
            "ece": ece(truth, p),
        }
    ]


def main() -> None:
    """Print every table."""
    frame = load(SAMPLES, (*SOURCES, XSTEST)).frame
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_formatting="MARKDOWN", float_precision=3):
        table = left_out(frame)
        print(table)
        print(table.group_by("head").agg(pl.mean("roc_auc", "pr_auc", "recall_at_5_fpr")))
        began = time.perf_counter()
        trained, _ = train_from(TEXT_HARMS, SAMPLES)
        print(f"trained in {time.perf_counter() - began:.1f} s on {trained.frame.height} texts")
        frozen = golden(TEXT_HARMS)
        print(evaluate(trained.model, frozen), over_blocking(trained.model, frozen))
        for name in ("sms", "edos", "jailbreaks"):
            texts = frame.filter(pl.col("source") == name)["text"]
            began = time.process_time()
            score(trained.model, texts)
            print(f"{name}: {len(texts) / (time.process_time() - began):.0f} texts/s a core")


if __name__ == "__main__":
    main()
