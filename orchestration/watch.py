"""One monitor's turn in a tick: evaluate its partitions, try its canary, look at its hit rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

import polars as pl

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Broken
from monitors.trial import canary_fires
from orchestration.duck import score
from orchestration.evaluation import FAULTS, Run, evaluate_span, safe
from orchestration.health.drift import Drift, drift
from orchestration.health.history import record, row
from orchestration.manifests import Manifest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one monitor's partitions. `canary_error` says why a canary could not run."""

    monitor: Monitor | Broken
    manifests: tuple[Manifest, ...]
    drifts: tuple[Drift, ...]
    canary: bool
    canary_error: str = ""
    error: str = ""

    @property
    def evaluated(self) -> tuple[Manifest, ...]:
        """Manifests of the partitions that did not fail."""
        return tuple(m for m in self.manifests if m.status != "failed")

    @property
    def failed(self) -> bool:
        """Whether no partition was evaluated."""
        return not self.evaluated

    @property
    def errors(self) -> list[str]:
        """Every different error, of the file or of its partitions."""
        found = {m.error for m in self.manifests if m.error} | ({self.error} - {""})
        return sorted(found)


def watch(run: Run, monitor: Monitor | Broken, span: Span, past: pl.DataFrame) -> Outcome:
    """Evaluate a monitor on a span; `past` is the product's evaluations of the last 28 days."""
    if isinstance(monitor, Broken):
        return Outcome(monitor, (), (), canary=False, error=monitor.error)
    manifests = tuple(evaluate_span(run, monitor, span))
    canary, canary_error = _canary(monitor, span.start)
    own = pl.col("monitor") == monitor.name
    mine = past.filter(own, pl.col("version") == monitor.version)
    drifts = tuple(_drift(mine, m) for m in manifests if m.status != "failed")
    return Outcome(monitor, manifests, drifts, canary, canary_error)


def record_outcomes(run: Run, product: str, outcomes: Sequence[Outcome]) -> None:
    """Add every evaluated partition to the product's history."""
    rows = []
    for outcome in outcomes:
        states = iter(outcome.drifts)
        for manifest in outcome.manifests:
            state = "" if manifest.status == "failed" else next(states).state
            rows.append(row(manifest, drift=state, canary=outcome.canary))
    if rows:
        record(run.lake, product, rows)


def _canary(monitor: Monitor, start: datetime) -> tuple[bool, str]:
    """Whether the canary was found, and if not because of an error, which."""
    try:
        return canary_fires(monitor, start, runner=score), ""
    except FAULTS as error:  # a canary that breaks is a dead canary: reported
        return False, safe(error)


def _drift(mine: pl.DataFrame, manifest: Manifest) -> Drift:
    start = datetime.fromisoformat(manifest.partition)
    return drift(mine, partition=start, hits=manifest.flagged, scored=manifest.scored)


def top_entities(
    run: Run, monitor: Monitor, starts: Sequence[datetime], *, most: int
) -> list[tuple[str, float, int]]:
    """Entities with the highest scores in the partitions: entity, score, findings."""
    table = f"findings/{monitor.name}"
    paths = [
        run.lake.partition_path(table, monitor.product, start, monitor.every) for start in starts
    ]
    files = [str(p) for p in paths if p.exists()]
    if not files:
        return []
    rows = (
        pl.scan_parquet(files, hive_partitioning=False)
        .group_by("entity")
        .agg(score=pl.col("score").max(), findings=pl.len().cast(pl.Int64))
        .sort(["score", "entity"], descending=[True, False])
        .head(most)
        .collect()
    )
    return [(str(e), float(s), int(n)) for e, s, n in rows.iter_rows()]


def name_of(path: PurePath) -> str:
    """File of a monitor as it is shown: from `monitors/` on."""
    parts = path.parts
    at = parts.index("monitors") if "monitors" in parts else 0
    return "/".join(parts[at:])
