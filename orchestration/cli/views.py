"""The lake as tables that SQL can name, each a query over Parquet files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.duck import reading
from orchestration.inputs import EVENTS, TEXT
from orchestration.lake import Lake, Piece
from orchestration.partitions import DAY

FILES = "[!.]*.parquet"
FINDINGS, SAMPLES, EVALUATIONS, QUARANTINE = "findings", "samples", "evaluations", "quarantine"


@dataclass(frozen=True, slots=True)
class View:
    """The query behind a table, and the files that it may read."""

    query: str
    files: tuple[str, ...]


def names(*, text: bool) -> dict[str, str]:
    """Every table that a lake can have, with its folder; restricted text only if asked for."""
    found = {name: f"{EVENTS}/{name}" for name in contracts()}
    found |= {name: name for name in (FINDINGS, SAMPLES, EVALUATIONS, QUARANTINE)}
    if text:
        found |= {f"{c.name}_text": f"{TEXT}/{c.name}" for c in contracts().values() if c.text}
    return found


def exists(lake: Lake, folder: str) -> bool:
    """Whether the lake has a file of a table."""
    return next(Path(lake.root, folder).rglob(FILES), None) is not None


def view(lake: Lake, name: str, folder: str) -> View:
    """The view of a table that has files."""
    if name in {FINDINGS, SAMPLES, EVALUATIONS}:
        return _by_path(list(_files(lake, folder)), name)
    return _events(lake, folder)


def quarantined(lake: Lake) -> pl.DataFrame:
    """One row per rejected row, to be counted: why and when, never what it said."""
    rows = [
        pl.scan_parquet(name, hive_partitioning=False).select(
            pl.lit(name.split("/quarantine/")[-1].split("/")[0]).alias("contract"),
            "product",
            "ingested_at",
            "reason",
        )
        for name in _files(lake, QUARANTINE)
    ]
    return pl.concat(rows).collect()


def _files(lake: Lake, folder: str) -> Iterator[str]:
    for path in sorted(Path(lake.root, folder).rglob(FILES)):
        yield str(path)


def _by_path(files: list[str], table: str) -> View:
    """Tables whose product, and for samples monitor, only the path tells."""
    if table == FINDINGS:
        return View(reading(files), tuple(files))
    at = {"product": "product=([^/]+)/"}
    if table == SAMPLES:
        at["monitor"] = f"/{SAMPLES}/([^/]+)/product="
    told = ", ".join(f"regexp_extract(filename, '{text}', 1) as {n}" for n, text in at.items())
    source = reading(files).replace("select *", f"select {told}, * exclude (filename)", 1)
    return View(source.replace("union_by_name", "filename = true, union_by_name", 1), tuple(files))


def _events(lake: Lake, folder: str) -> View:
    """Events, an hour once: an hour's own file outranks what the day's file says of it."""
    pieces = list(_pieces(lake, folder))
    whole = [str(piece.path) for piece in pieces if piece.hours is None]
    parts = [reading(whole)] if whole else []
    for piece in pieces:
        if piece.hours is not None:
            hours = ", ".join(str(hour) for hour in piece.hours)
            parts.append(f"{reading([str(piece.path)])} where hour(occurred_at) in ({hours})")
    return View(" union all by name ".join(parts), tuple(str(piece.path) for piece in pieces))


def _pieces(lake: Lake, folder: str) -> Iterator[Piece]:
    for product in lake.products(folder):
        for day in lake.days(folder, product):
            yield from lake.pieces(folder, [product], Span(day, day + DAY))
