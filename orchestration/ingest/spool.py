"""Reads files into a spool: rows of the contract on disk, before any of them enters the lake."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from orchestration.ingest.batch import BROKEN
from orchestration.ingest.files import File
from orchestration.ingest.read import batches
from orchestration.ingest.shape import Shaped, shape, spooled
from orchestration.ingest.source import Source

FILE = "__file"
Progress = Callable[[str, int], None]


@dataclass
class Spooled:
    """One file's rows on disk, and what was counted while reading it."""

    number: int
    file: File
    events: list[Path] = field(default_factory=list)
    broken: list[Path] = field(default_factory=list)
    rows: int = 0
    skipped: int = 0
    events_read: int = 0
    latest: datetime | None = None
    seen: set[str] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)


def spool(
    file: File,
    source: Source,
    folder: Path,
    *,
    number: int,
    now: datetime,
    progress: Progress | None = None,
) -> Spooled:
    """Read a whole file into Parquet parts in the folder, a batch at a time.

    Raises IngestError when the file cannot be read to its end; its parts are then of no use.
    """

    def advance(size: int) -> None:
        if progress is not None and size:
            progress(file.name, size)

    found = Spooled(number, file)
    for part, batch in enumerate(batches(file, source, advance=advance)):
        shaped = shape(batch, source, now=now)
        found.rows += batch.records.height + batch.broken.height + batch.skipped
        _keep(found, shaped, folder / f"{number}-{part}")
    return found


def _keep(found: Spooled, shaped: Shaped, stem: Path) -> None:
    found.skipped += shaped.skipped
    found.events_read += shaped.events.height
    found.seen |= shaped.seen
    found.reasons.update(shaped.broken["reason"].to_list())
    if shaped.latest is not None:
        found.latest = max(found.latest or shaped.latest, shaped.latest)
    if shaped.events.height:
        path = stem.with_suffix(".events.parquet")
        number = pl.lit(found.number, pl.Int64).alias(FILE)
        shaped.events.with_columns(number).write_parquet(path, compression="lz4")
        found.events.append(path)
    if shaped.broken.height:
        path = stem.with_suffix(".broken.parquet")
        shaped.broken.write_parquet(path, compression="lz4")
        found.broken.append(path)


def events_of(files: list[Spooled], source: Source) -> pl.LazyFrame:
    """Spooled rows of all files, with FILE, the number of the file."""
    paths = [path for found in files for path in found.events]
    wanted = pl.Schema({**spooled(source), FILE: pl.Int64()})
    return pl.scan_parquet(paths, schema=wanted) if paths else pl.LazyFrame(schema=wanted)


def broken_of(found: Spooled) -> pl.LazyFrame:
    """Spooled rows of one file that go to quarantine."""
    return pl.scan_parquet(found.broken) if found.broken else pl.LazyFrame(schema=BROKEN)
