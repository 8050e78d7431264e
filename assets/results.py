"""What an evaluation tells Dagster: one materialisation, its numbers, and its checks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
import polars as pl

from assets.descriptions import asset_key
from monitors.contract import Monitor
from orchestration.evaluation import Run
from orchestration.health.plots import bars
from orchestration.manifests import Manifest
from orchestration.partitions import key_of
from orchestration.resources import LakeResource
from orchestration.watch import Outcome, top_entities

CHECKS = {
    "evaluated": "The monitor ran on events that a source has delivered, and kept its contract.",
    "canary": "The monitor found its own canary: it can still see what it is for.",
    "hit_rate": "Findings per score are in line with like hours of the last 28 days.",
}
SHOWN, PLOT_DAYS = 10, 7
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def materialized(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    run: Run,
    outcome: Outcome,
    past: pl.DataFrame,
) -> Iterator[dg.MaterializeResult[None]]:
    """Materialise the partitions that were evaluated, each with its own numbers.

    When some partitions failed, only the others are logged as materialised: a result would
    speak for all of them.
    """
    monitor = outcome.monitor
    if not isinstance(monitor, Monitor) or outcome.failed:
        return
    key = asset_key(monitor)
    plot = _plot(past, outcome)
    partial = len(outcome.evaluated) < len(outcome.manifests)
    for manifest in outcome.evaluated:
        start = datetime.fromisoformat(manifest.partition)
        metadata = {**_numbers(manifest), **_tables(lake, run, monitor, start), "plot": plot}
        partition = key_of(start, monitor.every)
        if partial:
            context.log_event(dg.AssetMaterialization(key, metadata=metadata, partition=partition))
        else:
            context.add_asset_metadata(metadata, asset_key=key, partition_key=partition)
    if not partial:
        yield dg.MaterializeResult(asset_key=key)


def checks(outcome: Outcome) -> Iterator[dg.AssetCheckResult]:
    """Answer every check of one monitor."""
    failed = [m.partition for m in outcome.manifests if m.status == "failed"]
    stale = [m.partition for m in outcome.manifests if m.status == "stale"]
    wrong = bool(failed) or outcome.failed
    yield _result(
        outcome,
        "evaluated",
        passed=not wrong and not stale,
        severity=ERROR if wrong else WARN,
        metadata={
            "partitions_failed": len(failed),
            "partitions_no_source_has_reached": len(stale),
            "error": "; ".join(outcome.errors) or "none",
        },
    )
    if not isinstance(outcome.monitor, Monitor):
        return
    yield _result(
        outcome,
        "canary",
        passed=outcome.canary,
        severity=ERROR,
        metadata={"error": outcome.canary_error or "none"},
    )
    if outcome.failed:
        return
    off = [d for d in outcome.drifts if d.state in {"up", "down"}]
    last = off[-1] if off else outcome.drifts[-1]
    yield _result(
        outcome,
        "hit_rate",
        passed=not off,
        severity=WARN,
        metadata={
            "state": last.state,
            "findings": last.hits,
            "expected": "not known" if last.expected is None else round(last.expected, 2),
            "periods_of_history": last.periods,
        },
    )


def _result(
    outcome: Outcome,
    name: str,
    *,
    passed: bool,
    severity: dg.AssetCheckSeverity,
    metadata: dict[str, str | int | float],
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=passed,
        asset_key=asset_key(outcome.monitor),
        check_name=name,
        severity=severity,
        metadata=metadata,
    )


def _numbers(manifest: Manifest) -> dict[str, int | float | str]:
    return {
        "dagster/row_count": manifest.flagged,
        "findings": manifest.flagged,
        "near_misses": manifest.near,
        "entities_scored": manifest.scored,
        "not_enough_to_tell": manifest.null,
        "rows_read": manifest.rows_read,
        "seconds": manifest.seconds,
        "partitions_in_the_same_pass": manifest.pass_partitions,
        "status": manifest.status,
        "intent": manifest.intent,
        "version": manifest.version,
        "mode": manifest.mode,
    }


def _tables(
    lake: LakeResource, run: Run, monitor: Monitor, start: datetime
) -> dict[str, dg.TableMetadataValue]:
    top = top_entities(run, monitor, [start], most=SHOWN)
    if not top:
        return {}
    names = lake.public(monitor.entity, [entity for entity, _, _ in top])
    records = [
        dg.TableRecord({"entity": names[entity], "score": score, "findings": n})
        for entity, score, n in top
    ]
    return {"top_entities": dg.MetadataValue.table(records)}


def _plot(past: pl.DataFrame, outcome: Outcome) -> dg.MarkdownMetadataValue:
    now = [(datetime.fromisoformat(m.partition), m.flagged) for m in outcome.evaluated]
    since = now[-1][0] - timedelta(days=PLOT_DAYS)
    mine = past.filter(
        pl.col("monitor") == outcome.monitor.name, pl.col("partition") >= since
    ).select("partition", "flagged")
    points = dict(mine.iter_rows()) | dict(now)
    return dg.MetadataValue.md(bars(sorted(points.items()), title="Findings"))
