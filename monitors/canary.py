"""Canaries: events that a monitor must find, so that a dead monitor is noticed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from monitors.columns import Contract
from monitors.errors import MonitorError


@dataclass(frozen=True)
class Rows:
    """`n` events of one contract, `every` apart, the first `at` after the partition begins.

    `values` fill columns; a text with `{i}` differs from row to row. Columns not named are null,
    but for the ids and times. A negative `at` writes history: the framework derives activity and
    baselines from it exactly as it does from real events.
    """

    contract: str
    n: int
    at: timedelta = timedelta(0)
    every: timedelta = timedelta(0)
    values: dict[str, object] = field(default_factory=dict, hash=False)


def events_of(
    rows: Sequence[Rows], contract: Contract, *, product: str, start: datetime
) -> pl.DataFrame:
    """Events table of one contract that the rows describe, times relative to `start`.

    Raises MonitorError when the rows fill a column that the contract does not have.
    """
    names = {**contract.schema, **contract.text_schema}
    found = [r for r in enumerate(rows) if r[1].contract == contract.name]
    unknown = sorted({key for _, group in found for key in group.values} - set(names))
    if unknown:
        raise MonitorError(
            f"A canary fills {unknown}, and '{contract.name}' has no such column; it has "
            f"{', '.join(names)}."
        )
    records = [
        _record(group, i, number, product, start) for number, group in found for i in range(group.n)
    ]
    return pl.DataFrame(records, schema=names, orient="row", strict=False)


def _record(group: Rows, i: int, number: int, product: str, start: datetime) -> dict[str, object]:
    time = start + group.at + i * group.every
    own = {k: v.format(i=i) if isinstance(v, str) else v for k, v in group.values.items()}
    return {
        "event_id": f"canary-{number}-{i}",
        "occurred_at": time,
        "received_at": time,
        "product": product,
        **own,
    }
