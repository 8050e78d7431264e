"""Manifests: what became of each evaluation, one JSON file per monitor and partition.

Findings are written first and the manifest last, so a partition without a manifest, or with one
whose digest differs from the findings', was cut off and is evaluated again.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl
from upath import UPath

from monitors.contract import Monitor
from orchestration.lake import Lake

Intent = Literal["live", "late", "replay"]
Status = Literal["complete", "stale", "failed"]
MANIFESTS = "manifests"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What became of one monitor version on one partition.

    `digest` is over the findings alone: equal digests mean equal findings. `status` is stale when
    no source delivered anything at or after the partition. `rows_read` is of the pass that
    evaluated it together with `pass_partitions` - 1 others. `error` names a type and a place,
    never a value.
    """

    monitor: str
    product: str
    version: int
    mode: str
    partition: str
    partition_end: str
    as_of: str
    intent: Intent
    status: Status
    digest: str
    rows_read: int
    pass_partitions: int
    flagged: int
    near: int
    bulk: int
    null: int
    sample_rate: float
    seconds: float
    error: str = ""

    @property
    def scored(self) -> int:
        """Entities and windows that got a score."""
        return self.flagged + self.near + self.bulk


def manifest_path(lake: Lake, monitor: Monitor, start: datetime) -> UPath:
    """Path of one partition's manifest."""
    leaf = "day.json" if monitor.every == "1d" else f"hour={start:%H}.json"
    return lake.path(f"{MANIFESTS}/{monitor.name}", monitor.product, start, leaf)


def read_manifest(lake: Lake, monitor: Monitor, start: datetime) -> Manifest | None:
    """The partition's manifest, or None when it was never evaluated."""
    record: dict[str, Any] | None = lake.read_json(manifest_path(lake, monitor, start))
    return None if record is None else Manifest(**record)


def write_manifest(lake: Lake, monitor: Monitor, manifest: Manifest) -> None:
    """Store a manifest in place of the partition's last one."""
    start = datetime.fromisoformat(manifest.partition)
    lake.replace_json(manifest_path(lake, monitor, start), asdict(manifest))


def newer(lake: Lake, monitor: Monitor, start: datetime, now: datetime) -> Manifest | None:
    """The partition's manifest if it is as of a later time than `now`: that result stays."""
    known = read_manifest(lake, monitor, start)
    return known if known and datetime.fromisoformat(known.as_of) > now else None


def content_digest(findings: pl.DataFrame) -> str:
    """SHA-256 over ids, scores and evidence, in the findings' own order."""
    digest = hashlib.sha256()
    for row in findings.select("finding_id", "score", "evidence").iter_rows():
        digest.update(repr(row).encode())
    return digest.hexdigest()
