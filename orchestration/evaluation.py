"""One monitor on one span of partitions: read, score, store findings, then the manifest."""

import sysconfig
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from monitors.contract import Monitor
from monitors.errors import MonitorError
from monitors.evaluate import BULK, FLAGGED, NEAR, NULL, Evaluation, Span, evaluate
from monitors.registry import Table
from orchestration.duck import Connect, connect, score, score_sql
from orchestration.inputs import EVENTS, TEXT, Inputs
from orchestration.lake import Lake
from orchestration.manifests import (
    Intent,
    Manifest,
    content_digest,
    newer,
    write_manifest,
)
from orchestration.partitions import LENGTH, by_day, starts

FINDINGS_TABLE, SAMPLES_TABLE = "findings", "samples"
INSTALLED = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
LIVE_FOR = timedelta(hours=24)
STRATA = (FLAGGED, NEAR, BULK, NULL)
FAULTS = (Exception, pl.exceptions.PanicException)  # a panic of Polars is no Exception


@dataclass(frozen=True, slots=True)
class Run:
    """Circumstances of an evaluation: where, as of when, why, and how much is sampled."""

    lake: Lake
    now: datetime
    intent: Intent | None = None
    rate: float = 0.01
    seed: str = "watchfloor"
    connect: Connect = connect

    def intent_of(self, end: datetime) -> Intent:
        """The intent given, or live for a partition that ended less than a day ago."""
        return self.intent or ("live" if self.now - end < LIVE_FOR else "replay")


def evaluate_span(run: Run, monitor: Monitor, span: Span) -> list[Manifest]:
    """Evaluate every partition of a span and store it; one manifest a partition, in order.

    An error of the monitor's own becomes failed manifests; an error in storing them is raised.
    A partition that was evaluated as of a later time keeps that result and its manifest.
    """
    manifests: list[Manifest] = []
    for part in parts(monitor, span):
        began = time.perf_counter()
        try:
            found = _evaluated(run, monitor, part)
        except FAULTS as error:  # one monitor's fault must not stop its siblings
            manifests += _store_failed(run, monitor, part, error)
        else:
            manifests += _store(run, monitor, part, found, began)
    return manifests


def raw_tables(monitor: Monitor) -> list[tuple[str, str]]:
    """Lake tables, with their contracts, of the raw events that a monitor's inputs rest on."""
    found = set()
    for name in monitor.reads:
        table = Table.parse(name)
        if table.kind != "period":
            kind = TEXT if table.kind == "text" else EVENTS
            found.add((f"{kind}/{table.contract}", table.contract))
    return sorted(found)


def parts(monitor: Monitor, span: Span) -> Iterator[Span]:
    """The span cut into passes: a day each, or one partition where a look-back ends with it."""
    if monitor.activity and monitor.every == "1h":
        yield from (Span(s, s + LENGTH["1h"]) for s in starts(span, "1h"))
    else:
        yield from by_day(span)


def _evaluated(run: Run, monitor: Monitor, span: Span) -> tuple[Evaluation, int]:
    """Evaluate, once more if a file went away meanwhile: compaction had put a day in its place."""
    try:
        return _evaluate(run, monitor, span)
    except FileNotFoundError:
        return _evaluate(run, monitor, span)


def _evaluate(run: Run, monitor: Monitor, span: Span) -> tuple[Evaluation, int]:
    inputs = Inputs(run.lake, monitor.product)
    tables = inputs.tables(monitor, span)
    counts = pl.collect_all([t.select(pl.len()) for t in tables.values()], engine="streaming")
    scores = (
        score(monitor, tables)
        if monitor.sql is None
        else score_sql(inputs, monitor, span, connect=run.connect)
    )
    found = evaluate(monitor, scores, span, seed=run.seed, rate=run.rate)
    return found, sum(int(c.item()) for c in counts)


def _store(
    run: Run, monitor: Monitor, span: Span, found: tuple[Evaluation, int], began: float
) -> list[Manifest]:
    evaluation, rows_read = found
    partitions = list(starts(span, monitor.every))
    seconds = (time.perf_counter() - began) / len(partitions)
    findings = _by_partition(monitor, evaluation.findings)
    samples = _by_partition(monitor, evaluation.samples)
    counts = {(start, name): n for start, name, n in evaluation.counts.iter_rows()}
    delivered = _delivered(run.lake, monitor)
    manifests = []
    for start in partitions:
        known = newer(run.lake, monitor, start, run.now)
        if known and _stands(run.lake, monitor, start, known):
            manifests.append(known)
            continue
        own = findings.get(start, evaluation.findings.clear())
        manifest = Manifest(
            **_identity(run, monitor, start),
            status="stale" if delivered is None or delivered < start else "complete",
            digest=content_digest(own),
            rows_read=rows_read,
            pass_partitions=len(partitions),
            flagged=counts.get((start, FLAGGED), 0),
            near=counts.get((start, NEAR), 0),
            bulk=counts.get((start, BULK), 0),
            null=counts.get((start, NULL), 0),
            sample_rate=run.rate,
            seconds=round(seconds, 4),
        )
        for table, rows in (
            (FINDINGS_TABLE, own),
            (SAMPLES_TABLE, samples.get(start, evaluation.samples.clear())),
        ):
            name = f"{table}/{monitor.name}"
            path = run.lake.partition_path(name, monitor.product, start, monitor.every)
            run.lake.replace(path, rows)
        write_manifest(run.lake, monitor, manifest)
        manifests.append(manifest)
    return manifests


def _stands(lake: Lake, monitor: Monitor, start: datetime, manifest: Manifest) -> bool:
    """Whether the findings are those of the manifest: a later evaluation may have been cut off."""
    if manifest.status == "failed":
        return True
    path = lake.partition_path(
        f"{FINDINGS_TABLE}/{monitor.name}", monitor.product, start, monitor.every
    )
    try:
        rows = pl.read_parquet(str(path), hive_partitioning=False)
    except FileNotFoundError:
        return False
    return content_digest(rows) == manifest.digest


def _by_partition(monitor: Monitor, rows: pl.DataFrame) -> dict[datetime, pl.DataFrame]:
    """Rows by the start of the partition in which their window ends, in their own order."""
    last = pl.col("window_end") - pl.duration(microseconds=1)
    placed = rows.with_columns(partition=last.dt.truncate(monitor.every))
    cut = placed.partition_by("partition", maintain_order=True, include_key=False, as_dict=True)
    return {start: part for (start,), part in cut.items()}


def _delivered(lake: Lake, monitor: Monitor) -> datetime | None:
    """Latest hour for which any source has delivered; a partition that begins later is stale."""
    inputs = Inputs(lake, monitor.product)
    hours = [
        lake.last_hour(table, product)
        for table, contract in raw_tables(monitor)
        for product in inputs.products(contract)
    ]
    return max((hour for hour in hours if hour is not None), default=None)


def _identity(run: Run, monitor: Monitor, start: datetime) -> dict[str, Any]:
    end = start + LENGTH[monitor.every]
    return {
        "monitor": monitor.name,
        "product": monitor.product,
        "version": monitor.version,
        "mode": str(monitor.mode),
        "partition": start.isoformat(),
        "partition_end": end.isoformat(),
        "as_of": run.now.isoformat(),
        "intent": run.intent_of(end),
    }


def _store_failed(
    run: Run, monitor: Monitor, span: Span, error: BaseException
) -> Iterator[Manifest]:
    for start in starts(span, monitor.every):
        known = newer(run.lake, monitor, start, run.now)
        manifest = known or _failed(run, monitor, start, error)
        if not known:
            write_manifest(run.lake, monitor, manifest)
        yield manifest


def _failed(run: Run, monitor: Monitor, start: datetime, error: BaseException) -> Manifest:
    return Manifest(
        **_identity(run, monitor, start),
        status="failed",
        digest="",
        rows_read=0,
        pass_partitions=1,
        flagged=0,
        near=0,
        bulk=0,
        null=0,
        sample_rate=run.rate,
        seconds=0.0,
        error=safe(error),
    )


def safe(error: BaseException) -> str:
    """Name an error without its data: our own message, or type and place for any other."""
    if isinstance(error, MonitorError):
        return f"MonitorError: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if not f.filename.startswith(INSTALLED)] or frames
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{place}"
