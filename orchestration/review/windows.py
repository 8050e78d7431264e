"""The windows that a monitor's version scored on a day, as far as the lake keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from monitors.columns import TIMESTAMP, schema
from monitors.contract import Monitor
from monitors.evaluate import BULK, FINDINGS, FLAGGED, IDENTITY, NEAR, NULL, SAMPLES, Span
from monitors.finding_ids import microseconds
from orchestration.evaluation import FINDINGS_TABLE, SAMPLES_TABLE
from orchestration.lake import Lake
from orchestration.ledger.ids import digest_parts
from orchestration.manifests import Manifest, content_digest, read_manifest
from orchestration.partitions import starts

STRATA = (FLAGGED, NEAR, BULK, NULL)
KEPT = schema(
    {
        "unit": pl.String,  # digest of identity; of real entities, so it never leaves the process
        "entity": pl.String,
        "subkey": pl.String,
        "window_start": TIMESTAMP,
        "window_end": TIMESTAMP,
        "stratum": pl.String,
        "kept_prob": pl.Float64,
    }
)


@dataclass(frozen=True, slots=True)
class Scored:
    """The windows of a day: `kept` (columns of KEPT), and strata[stratum, size, kept_prob].

    `starts` are the partitions of which all this is. `unready` others do not agree with the files
    beside them: they are being written, or their samples were pruned. `newest`: the last of these
    evaluations; null if there is none.
    """

    kept: pl.DataFrame
    strata: pl.DataFrame
    starts: frozenset[datetime]
    unready: int
    newest: datetime | None


def scored(lake: Lake, monitor: Monitor, day: Span) -> Scored:
    """Read what was scored. Entities that had no events were not scored, and are nowhere here.

    A partition that failed, and one that another version evaluated, is left out.
    """
    manifests, frames, unready = [], [], 0
    for manifest in _manifests(lake, monitor, day):
        rows = _kept(lake, monitor, manifest)
        if rows is None:
            unready += 1
            continue
        manifests.append(manifest)
        frames.append(rows)
    kept = pl.concat([pl.DataFrame(schema=KEPT), *frames])
    began = frozenset(datetime.fromisoformat(one.partition) for one in manifests)
    newest = max((datetime.fromisoformat(one.as_of) for one in manifests), default=None)
    return Scored(kept, _strata(manifests), began, unready, newest)


def _manifests(lake: Lake, monitor: Monitor, day: Span) -> Iterator[Manifest]:
    for start in starts(day, monitor.every):
        manifest = read_manifest(lake, monitor, start)
        if manifest and manifest.status != "failed" and manifest.version == monitor.version:
            yield manifest


def _kept(lake: Lake, monitor: Monitor, manifest: Manifest) -> pl.DataFrame | None:
    """What is kept of one partition; None if it is not what the manifest speaks of."""
    start = datetime.fromisoformat(manifest.partition)

    def read(table: str) -> pl.DataFrame:
        name = f"{table}/{monitor.name}"
        path = lake.partition_path(name, monitor.product, start, monitor.every)
        return pl.read_parquet(str(path), hive_partitioning=False)

    try:
        findings, samples = read(FINDINGS_TABLE), read(SAMPLES_TABLE)
    except FileNotFoundError:
        return None
    if content_digest(findings) != manifest.digest:
        return None
    flagged = findings.select(FINDINGS.names()).with_columns(
        stratum=pl.lit(FLAGGED), kept_prob=pl.lit(1.0)
    )
    # What was flagged is in the samples once more, as far as their even slice has it.
    others = samples.select(SAMPLES.names()).filter(pl.col("stratum") != FLAGGED)
    columns = [name for name in KEPT.names() if name != "unit"]
    rows = pl.concat(
        [
            flagged.select(columns),
            others.with_columns(kept_prob="inclusion_probability").select(columns),
        ]
    )
    units = [
        digest_parts(entity, str(microseconds(begin)), str(microseconds(end)), subkey)
        for entity, begin, end, subkey in rows.select(IDENTITY).iter_rows()
    ]
    found = rows.with_columns(unit=pl.Series(units, dtype=pl.String)).select(KEPT.names())
    return found if _fits(found, manifest) else None


def _fits(rows: pl.DataFrame, manifest: Manifest) -> bool:
    """Whether no more is kept of any stratum than there was."""
    counted = dict(rows.group_by("stratum").len().iter_rows())
    return all(counted.get(name, 0) <= getattr(manifest, name) for name in STRATA)


def _strata(manifests: list[Manifest]) -> pl.DataFrame:
    """Each stratum's size, 0 if it is empty, and the least probability of being kept."""
    rate = min((one.sample_rate for one in manifests), default=1.0)
    rows = [
        (
            name,
            sum(getattr(one, name) for one in manifests),
            1.0 if name in {FLAGGED, NEAR} else rate,
        )
        for name in STRATA
    ]
    return pl.DataFrame(
        rows,
        schema={"stratum": pl.String, "size": pl.Int64, "kept_prob": pl.Float64},
        orient="row",
    )
