"""The golden set: texts that no model learns from, by which a new one is let in or refused.

It is frozen: its file's digest stands here, so whoever changes the set changes this line too.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from orchestration.classifiers.data import SCHEMA
from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.evaluate import evaluate, over_blocking
from orchestration.classifiers.harms import TEXT_HARMS
from orchestration.classifiers.pipelines import Model

FOLDER = Path(__file__).parents[2] / "samples" / "golden"
DIGESTS: Mapping[str, str] = {
    TEXT_HARMS: "e6a40085026f54a0db8bdb291afc0605e65125d60ca2f563d4569f78744095fc",
}
SLACK = 0.02  # of PR-AUC: less than what another draw of 1,980 texts would change
SLACK_BLOCKED = 0.05  # of the share of safe prompts that are flagged
FLOOR = 0.5  # PR-AUC over all, below which the first model is not let in either


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model may come into force; `refused` says why not, and is empty if it may."""

    refused: tuple[str, ...]
    measures: pl.DataFrame
    blocking: Mapping[str, float | int]

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.refused


def golden(name: str, folder: Path = FOLDER) -> pl.DataFrame:
    """The golden set of a classifier. Raises ClassifierError for one that is not the frozen one."""
    path = folder / f"{name}.csv.gz"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ClassifierError(
            f"The golden set '{path.name}' is not there; wanted samples/golden of this version. "
            "Bring it back."
        ) from error
    if hashlib.sha256(content).hexdigest() != DIGESTS.get(name):
        raise ClassifierError(
            f"The golden set '{path.name}' is not the frozen one; wanted the digest that "
            "golden.py pins. Bring the file back, or freeze the new one there, reviewed."
        )
    return pl.read_csv(path, schema=SCHEMA)


def without_golden(rows: pl.DataFrame, name: str = TEXT_HARMS) -> pl.DataFrame:
    """Rows whose text is in no golden set, in whatever spelling."""
    return rows.filter(~pl.col("text_id").is_in(golden(name)["text_id"].to_list()))


def judge(candidate: Model, in_force: Model | None, frame: pl.DataFrame) -> Verdict:
    """Compare a candidate with the model in force on the golden set.

    It is refused for a head whose PR-AUC is lower by more than `SLACK`, for more over-blocking, for
    a head that it lacks, and, where none is in force, for a PR-AUC under `FLOOR`.
    """
    new, blocked = evaluate(candidate, frame), over_blocking(candidate, frame)
    if in_force is None:
        why = [f"{head}: PR-AUC {v:.3f} under {FLOOR}" for head, v in _areas(new) if v < FLOOR]
        return Verdict(tuple(why), new, blocked)
    before = dict(_areas(evaluate(in_force, frame)))
    after = dict(_areas(new))
    why = [f"{head}: the head is missing" for head in sorted(before.keys() - after.keys())]
    why += [
        f"{head}: PR-AUC {after[head]:.3f} after {old:.3f}"
        for head, old in before.items()
        if head in after and after[head] < old - SLACK
    ]
    was = over_blocking(in_force, frame).get("safe_flagged", 1.0)
    share = blocked.get("safe_flagged", 0.0)
    if share > was + SLACK_BLOCKED:
        why.append(f"over-blocking: {share:.3f} of safe prompts after {was:.3f}")
    return Verdict(tuple(why), new, blocked)


def _areas(measures: pl.DataFrame) -> list[tuple[str, float]]:
    known = measures.filter(pl.col("slice") == "all", pl.col("pr_auc").is_not_null())
    return list(known.select("head", "pr_auc").iter_rows())
