"""Lakes for tests: rows given as dictionaries become hour files of an event contract."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.inputs import EVENTS, TEXT
from orchestration.lake import Lake

HOUR = timedelta(hours=1)
Row = Mapping[str, object]


def at(text: str) -> datetime:
    """A UTC time, as in `2026-03-02T10:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start: str, end: str) -> Span:
    """A half-open span of two UTC times."""
    return Span(at(start), at(end))


def events(product: str, contract: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Events with every column of the contract, its text too; columns not given are null.

    Ids, `received_at` and `product` need not be given: an id is made of the time and the position.
    """
    declared = contract_of(contract)
    records = [{**_defaults(product, i, row), **row} for i, row in enumerate(rows)]
    return pl.DataFrame(records, schema={**declared.schema, **declared.text_schema}, orient="row")


def put(lake: Lake, product: str, contract: str, rows: Sequence[Row]) -> list[datetime]:
    """Add events, and their restricted text, to the files of their hours; returns the hours.

    Rows already in the lake stay, in whatever file they are, and nothing is marked as changed.
    """
    declared = contract_of(contract)
    given = events(product, contract, rows)
    hours = sorted(set(given["occurred_at"].dt.truncate("1h")))
    _add(lake, f"{EVENTS}/{contract}", product, given.select(declared.schema.names()), hours)
    if declared.text:
        texts = given.select(declared.text_schema.names())
        written = texts.filter(
            pl.any_horizontal(pl.col(c.name).is_not_null() for c in declared.text)
        )
        _add(lake, f"{TEXT}/{contract}", product, written, hours)
    return hours


def stored(lake: Lake, table: str, monitor: Monitor, start: datetime) -> pl.DataFrame:
    """Findings or samples of one partition, as they are stored."""
    path = lake.partition_path(f"{table}/{monitor.name}", monitor.product, start, monitor.every)
    return pl.read_parquet(str(path), hive_partitioning=False)


def files(lake: Lake) -> list[str]:
    """Every file of the lake, temporary ones too, by its path below the root."""
    root = Path(lake.root)
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def _defaults(product: str, i: int, row: Row) -> dict[str, object]:
    time = row["occurred_at"]
    return {"event_id": f"{time:%Y%m%dT%H%M%S.%f}-{i}", "received_at": time, "product": product}


def _add(
    lake: Lake, table: str, product: str, rows: pl.DataFrame, hours: Sequence[datetime]
) -> None:
    for hour in hours:
        whole = Span(hour, hour + HOUR)
        added = rows.filter(pl.col("occurred_at") >= hour, pl.col("occurred_at") < whole.end)
        if added.is_empty():
            continue
        before = lake.scan(table, [product], whole, schema=rows.schema).collect()
        merged = pl.concat([before, added]).sort("occurred_at", "event_id")
        lake.replace(lake.hour_path(table, product, hour), merged)
