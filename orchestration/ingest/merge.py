"""Adds rows to the lake's tables: hot hours to files of their own, older ones to the day's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from monitors.columns import TEXT_COMMON, Contract
from monitors.evaluate import Span
from orchestration.changes import mark
from orchestration.ingest.batch import ROW
from orchestration.ingest.shape import NUMBERED
from orchestration.ingest.spool import FILE
from orchestration.inputs import EVENTS
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR

REOPENS = timedelta(days=7)  # no raw window reaches further back from an hour that is still hot
AT_ONCE = 250_000  # rows collected at a time, but for a day that alone has more
HOUR_OF = pl.col("occurred_at").dt.truncate("1h").alias("__hour")
DAY_OF = pl.col("occurred_at").dt.truncate("1d").alias("__day")


@dataclass(frozen=True, slots=True)
class Target:
    """One table that rows are added to. `order` sorts a day's file, by account where it can."""

    lake: Lake
    name: str
    product: str
    schema: pl.Schema
    order: tuple[str, ...]
    hot: datetime


def targets(lake: Lake, contract: Contract, product: str, *, hot: datetime) -> list[Target]:
    """The events table of the contract and, where it has text, the restricted text table.

    Hours that begin at `hot` or later get files of their own.
    """
    order = (contract.account, "occurred_at", "event_id")
    events = Target(lake, f"events/{contract.name}", product, contract.schema, order, hot)
    if not contract.text:
        return [events]
    name = f"text/{contract.name}"
    return [events, Target(lake, name, product, contract.text_schema, order[1:], hot)]


def days(rows: pl.LazyFrame) -> Iterator[tuple[datetime, pl.DataFrame]]:
    """The spooled rows day by day, each once by hour and event id, in the order of the files.

    An id made by digest gets the number of the row among its equals in the same file, so that
    equal lines of one log stay as many events, and the same log read twice gives the same ids.
    """
    counts = rows.group_by(DAY_OF).agg(n=pl.len()).sort("__day").collect(engine="streaming")
    for start, end in _chunks(counts):
        found = rows.filter(pl.col("occurred_at") >= start, pl.col("occurred_at") < end + DAY)
        chunk = found.collect(engine="streaming").sort(FILE, ROW)
        nth = pl.int_range(1, pl.len() + 1).over(FILE, "event_id")
        numbered = pl.when(pl.col(NUMBERED) & (nth > 1)).then(pl.format("{}-{}", "event_id", nth))
        unique = (
            chunk.with_columns(numbered.fill_null(pl.col("event_id")).alias("event_id"))
            .with_columns(HOUR_OF, DAY_OF)
            .unique(["__hour", "event_id"], keep="first", maintain_order=True)
        )
        parts = unique.sort("__day", maintain_order=True).partition_by("__day", maintain_order=True)
        yield from ((part["__day"][0], part) for part in parts)


def _chunks(counts: pl.DataFrame) -> Iterator[tuple[datetime, datetime]]:
    """First and last day of runs of days with at most AT_ONCE rows together."""
    first, last, rows = None, None, 0
    for day, n in counts.iter_rows():
        if first is not None and last is not None and rows + n > AT_ONCE:
            yield first, last
            first, rows = None, 0
        first, last, rows = first or day, day, rows + n
    if first is not None and last is not None:
        yield first, last


def add(target: Target, day: datetime, rows: pl.DataFrame) -> pl.DataFrame:
    """Add one day's rows that the table does not hold yet; returns those.

    A row is held if the table has its event id in the row's hour. Every file is replaced in one
    step, and an hour's file that is new takes over what the day's file had of that hour, so a
    crash at any point loses nothing and a second run adds only what is missing.
    """
    folder = target.lake.day_path(target.name, target.product, day).parent
    names = {path.name for path in folder.iterdir()} if folder.exists() else set[str]()
    held = _held(target, day) if any(not name.startswith(".") for name in names) else None
    fresh = rows
    if held is not None:
        known = held.select("event_id", HOUR_OF).collect(engine="streaming")
        fresh = rows.join(known, on=["__hour", "event_id"], how="anti", maintain_order="left")
    if fresh.is_empty():
        return fresh
    _mark(target, fresh)
    own = _apart(target, day, fresh, names)
    for hour in sorted(own):
        before = None if held is None else _held(target, hour, hours=1)
        added = fresh.filter(pl.col("__hour") == hour)
        path = target.lake.hour_path(target.name, target.product, hour)
        target.lake.replace(path, _content(target, before, added, ("occurred_at", "event_id")))
    rest = fresh.filter(~pl.col("__hour").is_in(list(own))) if own else fresh
    if rest.height:
        _add_to_day(target, day, rest, names, own)
    _mark(target, fresh)
    return fresh


def _mark(target: Target, fresh: pl.DataFrame) -> None:
    """Mark the hours of new events as changed: before, for aggregates, and after, for readers."""
    kind, contract = target.name.split("/")
    if kind == EVENTS:
        hours = fresh["__hour"].unique().sort().to_list()
        mark(target.lake, contract, target.product, hours, since=target.hot - REOPENS)


def _apart(target: Target, day: datetime, rows: pl.DataFrame, names: set[str]) -> set[datetime]:
    """Hours of the rows that have, or because they are hot get, files of their own."""
    if day + DAY <= target.hot and not any(name.startswith("hour=") for name in names):
        return set()
    hours = rows["__hour"].unique().to_list()
    return {h for h in hours if h >= target.hot or f"hour={h:%H}.parquet" in names}


def _add_to_day(
    target: Target, day: datetime, rest: pl.DataFrame, names: set[str], own: set[datetime]
) -> None:
    """Rewrite the day's file with more rows, but without hours that have files of their own."""
    path = target.lake.day_path(target.name, target.product, day)
    before = None
    if "day.parquet" in names:
        hours = [day + n * HOUR for n in range(24) if f"hour={n:02d}.parquet" in names]
        apart = pl.Series([*hours, *own], dtype=target.schema["occurred_at"])
        before = _held(target, day).filter(~HOUR_OF.is_in(apart.implode()))
    target.lake.replace(path, _content(target, before, rest, target.order))


def _held(target: Target, start: datetime, *, hours: int = 24) -> pl.LazyFrame:
    span = Span(start, start + hours * HOUR)
    return target.lake.scan(target.name, [target.product], span, schema=target.schema)


def _content(
    target: Target, before: pl.LazyFrame | None, added: pl.DataFrame, order: tuple[str, ...]
) -> pl.LazyFrame:
    rows = added.lazy().select(target.schema.names())
    return (rows if before is None else pl.concat([before, rows])).sort(order)


def with_text(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The rows that have restricted text, with the columns of the text table and their hour."""
    texts = [column.name for column in contract.text]
    names = [*(column.name for column in TEXT_COMMON), *texts, "__hour"]
    return rows.filter(pl.any_horizontal(pl.col(texts).is_not_null())).select(names)
