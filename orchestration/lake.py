"""The lake: frames as Parquet under `table/product=…/date=…/hour=….parquet`, or `day.parquet`.

A file is written under a temporary name and renamed, so a crash leaves the old file or the new.
An hour's own file holds the whole of that hour; the day's file speaks for the hours without one.
So a day may be compacted, and a late hour written beside it, and no row is ever read twice.
"""

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from upath import UPath

from monitors.evaluate import Span
from orchestration.partitions import DAY, HOUR, day_of, hour_of, starts


@dataclass(frozen=True, slots=True)
class Piece:
    """One file and the hours of it that a span needs; `hours` None means all of its rows."""

    path: UPath
    day: datetime
    hours: tuple[int, ...] | None

    @property
    def starts(self) -> list[datetime]:
        """Starts of the hours for which this file speaks."""
        if self.path.name != "day.parquet":
            return [self.day + int(self.path.stem.removeprefix("hour=")) * HOUR]
        return [self.day + hour * HOUR for hour in self.hours or range(24)]


@dataclass(frozen=True)
class Lake:
    """Every table of one installation. `root` is a folder or a URL."""

    root: str

    def path(self, table: str, product: str, start: datetime, leaf: str) -> UPath:
        """Path of one file of a table."""
        return UPath(self.root) / table / f"product={product}" / f"date={start:%Y-%m-%d}" / leaf

    def hour_path(self, table: str, product: str, hour: datetime) -> UPath:
        """Path of one hour's file."""
        return self.path(table, product, hour, f"hour={hour:%H}.parquet")

    def day_path(self, table: str, product: str, day: datetime) -> UPath:
        """Path of one day's file."""
        return self.path(table, product, day, "day.parquet")

    def partition_path(self, table: str, product: str, start: datetime, every: str) -> UPath:
        """Path of one hourly or daily partition's file."""
        at = self.hour_path if every == "1h" else self.day_path
        return at(table, product, start)

    def products(self, table: str) -> list[str]:
        """Products that have files of this table."""
        folder = UPath(self.root) / table
        if not folder.exists():
            return []
        return sorted(p.name.removeprefix("product=") for p in folder.iterdir() if p.is_dir())

    def days(self, table: str, product: str) -> list[datetime]:
        """Days that have files of this table, in order."""
        folder = UPath(self.root) / table / f"product={product}"
        if not folder.exists():
            return []
        names = sorted(p.name.removeprefix("date=") for p in folder.iterdir())
        return [datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC) for name in names]

    def last_hour(self, table: str, product: str) -> datetime | None:
        """Start of the latest hour for which this table has a file, its own or the day's."""
        for day in reversed(self.days(table, product)):
            names = {p.name for p in self.day_path(table, product, day).parent.iterdir()}
            whole = "day.parquet" in names
            hours = [h for h in range(24) if whole or f"hour={h:02d}.parquet" in names]
            if hours:
                return day + hours[-1] * HOUR
        return None

    def pieces(self, table: str, products: Sequence[str], span: Span) -> Iterator[Piece]:
        """The files that hold a span, hours of it at most once."""
        for product in products:
            for day in starts(Span(day_of(span.start), span.end), "1d"):
                yield from self._pieces_of_day(table, product, day, span)

    def _pieces_of_day(
        self, table: str, product: str, day: datetime, span: Span
    ) -> Iterator[Piece]:
        folder = self.day_path(table, product, day).parent
        names = {p.name for p in folder.iterdir()} if folder.exists() else set()
        whole = "day.parquet" in names
        first, last = max(span.start, day), min(span.end, day + DAY)
        wanted = [(h - day) // HOUR for h in starts(Span(hour_of(first), last), "1h")]
        own = [h for h in wanted if f"hour={h:02d}.parquet" in names]
        for hour in own:
            yield Piece(folder / f"hour={hour:02d}.parquet", day, None)
        rest = tuple(h for h in wanted if h not in own)
        if whole and rest:
            yield Piece(folder / "day.parquet", day, None if len(rest) == 24 else rest)  # noqa: PLR2004

    def scan(
        self,
        table: str,
        products: Sequence[str],
        span: Span,
        *,
        schema: pl.Schema | None = None,
        time: str = "occurred_at",
    ) -> pl.LazyFrame:
        """Rows of a table whose `time` lies in the span; no rows, with the schema, if no file does.

        Columns that a file does not have yet are null; columns the schema does not name are left.
        """
        pieces = list(self.pieces(table, products, span))
        if not pieces:
            return pl.LazyFrame(schema=schema)
        whole = [p.path for p in pieces if p.hours is None]
        frames = [_parquet(whole, schema)] if whole else []
        for piece in pieces:
            if piece.hours is not None:
                ranges = [
                    (pl.col(time) >= piece.day + a * HOUR) & (pl.col(time) < piece.day + b * HOUR)
                    for a, b in _runs(piece.hours)
                ]
                frames.append(_parquet([piece.path], schema).filter(pl.any_horizontal(ranges)))
        rows = pl.concat(frames, how="vertical" if schema else "diagonal")
        if hour_of(span.start) == span.start and hour_of(span.end) == span.end:
            return rows
        return rows.filter(pl.col(time) >= span.start, pl.col(time) < span.end)

    def replace(self, path: UPath, rows: pl.DataFrame | pl.LazyFrame) -> None:
        """Write a whole file in place of what was there, in one step."""
        with _replacing(path) as target:
            if isinstance(rows, pl.LazyFrame):
                rows.sink_parquet(target, compression="zstd", mkdir=True)
            else:
                rows.write_parquet(target, compression="zstd")

    def replace_json(self, path: UPath, record: object) -> None:
        """Write a JSON file in place of what was there, in one step."""
        with _replacing(path) as target:
            UPath(target).write_text(json.dumps(record, sort_keys=True, indent=1), encoding="utf-8")

    def read_json(self, path: UPath) -> Any | None:  # noqa: ANN401
        """The JSON in a file, or None where there is no file."""
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


class _replacing:  # noqa: N801 - reads as a verb where it is used
    """Context that gives a temporary path and renames it to `path` unless the body raises."""

    def __init__(self, path: UPath) -> None:
        self.path = path
        self.local = path.protocol in {"", "file"}
        self.target = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp") if self.local else path

    def __enter__(self) -> str:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return str(self.target)

    def __exit__(self, kind: object, *_: object) -> None:
        if not self.local:
            return  # an object store shows an object whole or not at all
        if kind is None:
            os.replace(str(self.target), str(self.path))  # noqa: PTH105 - the one atomic call
        else:
            Path(str(self.target)).unlink(missing_ok=True)


def _parquet(paths: Iterable[UPath], schema: pl.Schema | None) -> pl.LazyFrame:
    names = [str(path) for path in paths]
    if schema is None:
        return pl.scan_parquet(names, hive_partitioning=False, missing_columns="insert")
    return pl.scan_parquet(
        names,
        schema=schema,
        hive_partitioning=False,
        missing_columns="insert",
        extra_columns="ignore",
    ).select(schema.names())


def _runs(hours: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Half-open runs of consecutive hours."""
    begin = previous = hours[0]
    for hour in hours[1:]:
        if hour != previous + 1:
            yield begin, previous + 1
            begin = hour
        previous = hour
    yield begin, previous + 1


def remove_temporary(root: str, *, now: datetime, older: timedelta = DAY) -> int:
    """Delete what crashed writers left behind; returns how many files."""
    removed = 0
    for path in Path(root).rglob(".*.tmp"):
        if path.stat().st_mtime < (now - older).timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed
