"""Reads from the lake what was evaluated and is not in the ledger yet."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from upath import UPath

from monitors.evaluate import FINDINGS
from orchestration.alerts.frames import findings_of
from orchestration.alerts.records import Evaluation, Finding, Taken, TakenKey
from orchestration.lake import Lake
from orchestration.manifests import MANIFESTS, Manifest, content_digest
from orchestration.partitions import DAY, day_of

TABLE = "findings"
OVERLAP = timedelta(minutes=2)  # between a file's time and the clock of who looks
Name = Callable[[str, str], str]  # entity type and entity to what may be written down


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One evaluation with its findings, entities by pseudonym."""

    evaluation: Evaluation
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """What is to be taken in.

    `unready` counts manifests that do not agree with the findings beside them: they are being
    written, or were cut off, and are looked at again. So is a second one of the same monitor,
    version and start.
    """

    evaluated: tuple[Evaluated, ...]
    unready: int


def pending(
    lake: Lake,
    *,
    known: Mapping[TakenKey, Taken],
    name: Name,
    oldest: datetime,
    horizon: datetime,
    since: datetime | None = None,
) -> Pending:
    """Evaluations of partitions that end after `oldest` and differ from what the ledger knows.

    Replays of partitions that end before the `horizon` can change no alert and are left out.
    `since` is a hint: files that are older than that are not read again.
    """
    found, unready, starts = [], 0, set()
    for manifest in manifests(lake, oldest=oldest, since=since):
        evaluation = evaluation_of(manifest)
        end = evaluation.partition_end
        past = end <= horizon and evaluation.intent == "replay"
        if end <= oldest or past or _is_known(evaluation, known):
            continue
        start = (evaluation.monitor, evaluation.version, evaluation.partition)
        rows = _findings(lake, manifest)
        if rows is None or start in starts:  # an hour and a day that begin together: one a step
            unready += 1
            continue
        starts.add(start)
        found.append(Evaluated(evaluation, tuple(_named(rows, evaluation, name))))
    return Pending(tuple(found), unready)


def evaluation_of(manifest: Manifest) -> Evaluation:
    """A manifest as the reducer takes it; the monitor by its id, `product/name`."""
    return Evaluation(
        monitor=f"{manifest.product}/{manifest.monitor}",
        version=manifest.version,
        partition=datetime.fromisoformat(manifest.partition),
        partition_end=datetime.fromisoformat(manifest.partition_end),
        as_of=datetime.fromisoformat(manifest.as_of),
        status=manifest.status,
        intent=manifest.intent,
        digest=manifest.digest,
    )


def manifests(lake: Lake, *, oldest: datetime, since: datetime | None) -> Iterator[Manifest]:
    """Every manifest of days that end after `oldest`; only those written since, if that is given.

    The time of a folder tells whether a file in it was replaced; only a local lake has such times.
    """
    root = UPath(lake.root)
    local = root.protocol in {"", "file"}
    folder: Path | UPath = Path(lake.root, MANIFESTS) if local else root / MANIFESTS
    after = (since - OVERLAP).timestamp() if since and local else 0.0
    first = f"date={day_of(oldest):%Y-%m-%d}"
    for monitor in _inside(folder):
        for product in _inside(monitor):
            for day in _inside(product):
                if day.name < first or (local and day.stat().st_mtime < after):
                    continue
                for file in _inside(day):
                    if not local or file.stat().st_mtime >= after:
                        yield Manifest(**json.loads(file.read_text(encoding="utf-8")))


def _inside(folder: Path | UPath) -> list[Path | UPath]:
    """What a folder holds, without what is being written; nothing where there is no folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.name[0] != ".")
    except FileNotFoundError:
        return []


def _is_known(evaluation: Evaluation, known: Mapping[TakenKey, Taken]) -> bool:
    taken = known.get((evaluation.monitor, evaluation.partition, evaluation.partition_end))
    if taken is None:
        return False
    found = (evaluation.version, evaluation.as_of, evaluation.status, evaluation.digest)
    return found == (taken.version, taken.as_of, taken.status, taken.digest)


def _findings(lake: Lake, manifest: Manifest) -> pl.DataFrame | None:
    """The findings that the manifest speaks of; None if others are in their place."""
    if manifest.status == "failed":
        return pl.DataFrame(schema=FINDINGS)
    start = datetime.fromisoformat(manifest.partition)
    every = "1d" if datetime.fromisoformat(manifest.partition_end) - start == DAY else "1h"
    path = lake.partition_path(f"{TABLE}/{manifest.monitor}", manifest.product, start, every)
    try:
        rows = pl.read_parquet(str(path), hive_partitioning=False)
    except FileNotFoundError:
        return None
    return rows if content_digest(rows) == manifest.digest else None


def _named(rows: pl.DataFrame, evaluation: Evaluation, name: Name) -> Iterator[Finding]:
    for found in findings_of(rows.with_columns(partition=pl.lit(evaluation.partition))):
        yield replace(
            found,
            monitor=evaluation.monitor,
            entity=name(found.entity_type, found.entity),
            subkey=None if found.subkey is None else name("subkey", found.subkey),
        )
