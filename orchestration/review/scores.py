"""The scores of scored windows, by unit, as far as the lake keeps them."""

from collections.abc import Iterable, Iterator
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
    tables = (FINDINGS_TABLE, SAMPLES_TABLE)
    kept = [rows.select(SCORES.names()) for rows in windows(lake, monitor, spans, known, tables)]
    return pl.concat([pl.DataFrame(schema=SCORES), *kept]).unique("unit").sort("unit")


def windows(
    lake: Lake, monitor: Monitor, spans: Iterable[Span], known: Names, tables: Iterable[str]
) -> Iterator[pl.DataFrame]:
    """What these tables keep of each partition: `unit`, `score` and the columns of IDENTITY."""
    for span in spans:
        for start in starts(span, monitor.every):
            manifest = read_manifest(lake, monitor, start)
            if manifest is None or manifest.version != monitor.version:
                continue
            for table in tables:
                rows = _read(lake, monitor, table, start)
                if rows is None:
                    continue
                units = pl.Series("unit", unit_ids(rows, monitor, known), dtype=pl.String)
                yield rows.with_columns(units).filter(pl.col("unit").is_not_null())


def _read(lake: Lake, monitor: Monitor, table: str, start: datetime) -> pl.DataFrame | None:
    """A partition's rows of one table; None where they were pruned."""
    name = f"{table}/{monitor.name}"
    path = lake.partition_path(name, monitor.product, start, monitor.every)
    try:
        return pl.read_parquet(str(path), hive_partitioning=False).select(*IDENTITY, "score")
    except FileNotFoundError:
        return None
