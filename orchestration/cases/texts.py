"""Texts that somebody wrote: the events of an entity in some spans, and what stands in them.

What is read here is returned and nowhere kept; who may see it, and the count of it, is `reveal`'s.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from monitors.columns import TIMESTAMP, Contract, schema
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.cases.sightings import events_of
from orchestration.inputs import TEXT
from orchestration.lake import Lake

WRITTEN = schema(
    {
        "occurred_at": TIMESTAMP,
        "product": pl.String,
        "contract": pl.String,
        "event_id": pl.String,
        "column": pl.String,
        "text": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Text:
    """One text that somebody wrote. Its `repr`, and so a log that it comes into, has no text."""

    event_id: str
    product: str
    contract: str
    column: str
    at: datetime
    text: str = field(repr=False)


def written(lake: Lake, kind: str, entity: str, spans: Iterable[Span]) -> pl.DataFrame:
    """The texts of the entity's events in the spans, the newest first."""
    wanted = list(spans)
    frames = [
        frame
        for contract in contracts().values()
        if contract.text and contract.schema.get(kind) == pl.String
        for frame in _of_contract(lake, contract, kind, entity, wanted)
    ]
    if not frames:
        return pl.DataFrame(schema=WRITTEN)
    found = pl.concat(frames).collect(engine="streaming")
    order = ["occurred_at", "product", "contract", "event_id", "column"]
    return found.unique(order).sort(order, descending=[True, False, False, False, False])


def _of_contract(
    lake: Lake, contract: Contract, kind: str, entity: str, spans: Iterable[Span]
) -> Iterator[pl.LazyFrame]:
    table = f"{TEXT}/{contract.name}"
    key = ["product", "event_id", "occurred_at"]
    for span in spans:
        mine = events_of(lake, contract, span).filter(pl.col(kind) == entity).select(key)
        texts = lake.scan(table, lake.products(table), span, schema=contract.text_schema)
        for column in contract.text:
            yield (
                texts.filter(pl.col(column.name).is_not_null())
                .join(mine, on=key, how="semi")
                .select(
                    *key,
                    contract=pl.lit(contract.name),
                    column=pl.lit(column.name),
                    text=pl.col(column.name),
                )
                .select(WRITTEN.names())
            )


def texts_of(rows: pl.DataFrame) -> Iterator[Text]:
    """The rows of `written` as texts."""
    for row in rows.iter_rows(named=True):
        at = row.pop("occurred_at")
        yield Text(at=at, **row)
