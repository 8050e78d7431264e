"""Rows and scores for the tests of monitors: literal events in, score and stratum out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from monitors.evaluate import Span
from monitors.registry import contract_of, registry
from monitors.trial import trial
from orchestration.duck import score

Row = dict[str, object]
DAY = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday


def at(clock: str, days: int = 0) -> datetime:
    """That time of the day under test, or of a day `days` from it."""
    hours, minutes, seconds = (*clock.split(":"), "0")[:3]
    return DAY + timedelta(
        days=days, hours=int(hours), minutes=int(minutes), seconds=float(seconds)
    )


def many(n: int, first: datetime, every: timedelta, **values: object) -> list[Row]:
    """`n` rows `every` apart; a text with {i} differs from row to row."""
    return [
        {k: v.format(i=i) if isinstance(v, str) else v for k, v in values.items()}
        | {"occurred_at": first + i * every}
        for i in range(n)
    ]


def table(product: str, contract: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Events table of the rows; columns that they do not name are null."""
    declared = contract_of(contract)
    whole = [
        {"event_id": f"{i:06}", "received_at": row["occurred_at"], "product": product, **row}
        for i, row in enumerate(rows)
    ]
    return pl.DataFrame(whole, schema={**declared.schema, **declared.text_schema})


def scored(
    monitor_id: str, contract: str, *groups: Sequence[Row], hour: str = "10:00"
) -> dict[str, tuple[float | None, str]]:
    """Score and stratum of each entity in the partition that begins at `hour`, or that day."""
    monitor = registry().get(monitor_id)
    rows = [row for group in groups for row in group]
    length = timedelta(hours=1) if monitor.every == "1h" else timedelta(days=1)
    start = at(hour) if monitor.every == "1h" else DAY
    product = "chat" if monitor.product == "platform" else monitor.product
    events = {contract: table(product, contract, rows)}
    found = trial(monitor, events, Span(start, start + length), runner=score)
    columns = ("entity", "score", "stratum")
    return {entity: (s, stratum) for entity, s, stratum in found.samples.select(columns).rows()}
