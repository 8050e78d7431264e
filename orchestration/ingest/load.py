"""Ingest: files of a log become rows of the lake, once each, however often they are given.

Bounded: a file is read some megabytes at a time into a spool on disk, checked there, and enters
the lake day by day; a line over a megabyte goes to quarantine. Memory holds a batch, then up to a
quarter of a million rows or one whole day of one product, with what the lake holds of that day.
Not bounded: that one day, and the spool, which needs about the size of the compressed log on disk.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from monitors.columns import TIMESTAMP
from orchestration.ingest.errors import IngestError
from orchestration.ingest.files import File, find
from orchestration.ingest.merge import add, days, targets, with_text
from orchestration.ingest.records import Record, Records
from orchestration.ingest.report import IngestReport, total
from orchestration.ingest.source import Source
from orchestration.ingest.spool import FILE, Progress, Spooled, broken_of, events_of, spool
from orchestration.ingest.workspace import exclusive
from orchestration.lake import Lake
from orchestration.partitions import hour_of

WEEK = timedelta(weeks=1)


def ingest(
    lake: Lake,
    source: Source,
    paths: Sequence[str | Path],
    *,
    now: datetime,
    hot: timedelta,
    progress: Progress | None = None,
) -> IngestReport:
    """Ingest files, folders, globs or URLs.

    Rows of hours younger than `hot` before `now` go to hourly files, older ones to the day's.
    `progress` is called with a file's name and how many more of its bytes were read. Raises
    IngestError when a path does not exist or no file can be read; a file that cannot be read
    among others is left out whole and named in the report.
    """
    report = take(lake, source, find(paths), now=now, hot=hot, progress=progress)
    if not report.files:
        raise IngestError(" ".join(report.failed.values()) or "No path was given; give one.")
    return report


def take(
    lake: Lake,
    source: Source,
    files: Sequence[File],
    *,
    now: datetime,
    hot: timedelta,
    progress: Progress | None = None,
) -> IngestReport:
    """Ingest these files; none that cannot be read stops the others."""
    records = Records(lake, source.product, source.contract)
    failed: dict[str, str] = {}
    if not files:
        return IngestReport(source.product, source.contract)
    with exclusive(lake, source.product, source.contract) as folder:
        read: list[Spooled] = []
        for number, file in enumerate(files):
            try:
                one = spool(file, source, folder, number=number, now=now, progress=progress)
            except IngestError as error:
                failed[file.name] = str(error)
                continue
            read.append(one)
        started = _start(records, source, read, now)
        weeks = started[0].weeks if started else 0
        written = _write(lake, source, read, weeks, hour_of(now - hot))
        for one, record in zip(read, started, strict=True):
            _quarantine(lake, source, one, record, now)
            records.put(_finished(record, one, written))
    return _report(source, read, written, failed)


def _start(records: Records, source: Source, read: list[Spooled], now: datetime) -> list[Record]:
    """Say of each file that it is being taken, before any row of it enters the lake.

    The shift is decided here, once: files taken before keep theirs, and so do those with them.
    """
    before = [records.get(one.file.digest) for one in read]
    latest = max((one.latest for one in read if one.latest), default=now)
    shifted = [record.weeks for record in before if record is not None]
    weeks = shifted[0] if shifted else (now - latest) // WEEK
    if source.shift == "none":
        weeks = 0
    started = [
        (known or Record(one.file.digest, now, weeks)).met(one.file)
        for one, known in zip(read, before, strict=True)
    ]
    for record in started:
        records.put(record)
    return started


def _write(
    lake: Lake, source: Source, read: list[Spooled], weeks: int, hot: datetime
) -> pl.DataFrame:
    """Add the spooled rows to the lake; returns file, hour and time of those that were new."""
    contract = source.target
    rows = events_of(read, source)
    if source.shift != "none":
        rows = rows.with_columns(
            pl.col("occurred_at") + weeks * WEEK,
            source_occurred_at=pl.col("occurred_at"),
        )
    events, *text = targets(lake, contract, source.product, hot=hot)
    added = [pl.DataFrame(schema={FILE: pl.Int64, "__hour": TIMESTAMP, "occurred_at": TIMESTAMP})]
    for day, found in days(rows):
        fresh = add(events, day, found)
        for target in text:
            add(target, day, with_text(found, contract))
        added.append(fresh.select(FILE, "__hour", "occurred_at"))
    return pl.concat(added)


def _quarantine(lake: Lake, source: Source, one: Spooled, record: Record, now: datetime) -> None:
    """Write one file's rejected rows under the day on which it was first taken."""
    table = f"quarantine/{source.contract}"
    path = lake.path(table, source.product, record.started, f"{record.digest[:32]}.parquet")
    if not one.broken and not path.exists():
        return
    rows = broken_of(one).select(
        "reason",
        pl.lit(one.file.name).alias("file"),
        "row",
        "original",
        pl.lit(source.product).alias("product"),
        pl.lit(now, TIMESTAMP).alias("ingested_at"),
    )
    lake.replace(path, rows.collect(engine="streaming") if not one.broken else rows)


def _finished(record: Record, one: Spooled, written: pl.DataFrame) -> Record:
    ingested = written.filter(pl.col(FILE) == one.number).height
    report: dict[str, Any] = {
        "file": one.file.name,
        "bytes": one.file.size,
        "rows_read": one.rows,
        "ingested": ingested,
        "duplicates": one.events_read - ingested,
        "quarantined": total([one.reasons]),
        "skipped": one.skipped,
    }
    return Record(record.digest, record.started, record.weeks, record.seen, True, report)


def _report(
    source: Source, read: list[Spooled], written: pl.DataFrame, failed: dict[str, str]
) -> IngestReport:
    seen = {name for one in read for name in one.seen}
    events = sum(one.events_read for one in read)
    return IngestReport(
        product=source.product,
        contract=source.contract,
        files=tuple(one.file.name for one in read),
        rows_read=sum(one.rows for one in read),
        ingested=written.height,
        duplicates=events - written.height,
        quarantined=total([one.reasons for one in read]),
        skipped=sum(one.skipped for one in read),
        hours=tuple(written["__hour"].unique().sort().to_list()),
        bytes=sum(one.file.size for one in read),
        first=written["occurred_at"].min() if written.height else None,  # type: ignore[arg-type]
        last=written["occurred_at"].max() if written.height else None,  # type: ignore[arg-type]
        failed=failed,
        unseen=tuple(sorted(source.named - seen)) if events else (),
    )
