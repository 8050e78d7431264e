"""The scores of scored windows, by unit, as far as the lake keeps them."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from monitors.contract import Monitor
from monitors.evaluate import IDENTITY, Span
from orchestration.evaluation import FINDINGS_TABLE, SAMPLES_TABLE
from orchestration.intake.manifests import Names
from orchestration.lake import Lake
from orchestration.manifests import read_manifest
from orchestration.partitions import starts
from orchestration.review.drawn_windows import unit_ids

SCORES = pl.Schema({"unit": pl.String(), "score": pl.Float64()})


def scores(lake: Lake, monitor: Monitor, spans: Iterable[Span], known: Names) -> pl.DataFrame:
    """`unit` and `score` of every window kept of these spans, of the monitor's version, by unit.

    `known` names entities that have a pseudonym and gives none to others. What was pruned, and
    what another version evaluated, is not there.
    """
    frames = [pl.DataFrame(schema=SCORES)]
    for span in spans:
        for start in starts(span, monitor.every):
            manifest = read_manifest(lake, monitor, start)
            if manifest is not None and manifest.version == monitor.version:
                frames.append(_partition(lake, monitor, start, known))
    return pl.concat(frames).unique("unit").sort("unit")


def _partition(lake: Lake, monitor: Monitor, start: datetime, known: Names) -> pl.DataFrame:
    kept = []
    for table in (FINDINGS_TABLE, SAMPLES_TABLE):
        name = f"{table}/{monitor.name}"
        path = lake.partition_path(name, monitor.product, start, monitor.every)
        try:
            rows = pl.read_parquet(str(path), hive_partitioning=False)
        except FileNotFoundError:
            continue
        kept.append(rows.select(*IDENTITY, "score"))
    if not kept:
        return pl.DataFrame(schema=SCORES)
    rows = pl.concat(kept)
    units = pl.Series("unit", unit_ids(rows, monitor, known), dtype=pl.String)
    return rows.select(units, "score").filter(pl.col("unit").is_not_null())
