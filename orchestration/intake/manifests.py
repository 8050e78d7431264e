"""Reads from the lake what was evaluated and is not in the ledger yet."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
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

TABLE, SUBKEY = "findings", "subkey"
OVERLAP = timedelta(minutes=2)  # between a file's time and the clock of who looks
# Entities of one type to what may be written down in their place.
Names = Callable[[str, Iterable[str]], Mapping[str, str]]


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
    names: Names,
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
        found.append(Evaluated(evaluation, tuple(_named(rows, evaluation, names))))
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


def _named(rows: pl.DataFrame, evaluation: Evaluation, names: Names) -> Iterator[Finding]:
    found = findings_of(rows.with_columns(partition=pl.lit(evaluation.partition)))
    types: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        types[one.entity_type].add(one.entity)
        if one.subkey is not None:
            types[SUBKEY].add(one.subkey)
    known = {kind: names(kind, sorted(entities)) for kind, entities in types.items()}
    for one in found:
        yield replace(
            one,
            monitor=evaluation.monitor,
            entity=known[one.entity_type][one.entity],
            subkey=None if one.subkey is None else known[SUBKEY][one.subkey],
        )
