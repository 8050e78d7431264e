"""What a rater sees of a unit: the events of an entity in a window, as counts and ids.

It is read anew from the events, never from what a monitor said: a finding has evidence that an
unflagged window lacks, and so would tell which of them this is. Times are told from the window's
start: gold is older than what was drawn yesterday, and a date would give it away.
"""

import json
from collections.abc import Iterator

import polars as pl
from sqlalchemy import Connection

from monitors.columns import TIMESTAMP, Contract, schema
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.cases.sightings import again, events_of
from orchestration.cases.whose import real_ids
from orchestration.lake import Lake
from orchestration.ledger.ids import ID
from orchestration.pseudonyms import Pseudonyms

LISTED = 20  # ids of events of one contract and product at most, the newest
BARE = frozenset({"event_id", "product", "occurred_at", "received_at", "source_occurred_at"})
SCORES = "score"  # begins a column of what a product's own model said, which monitors repeat
EVIDENCE = schema(
    {
        "contract": pl.String,
        "product": pl.String,
        "events": pl.Int64,
        "first_after": pl.Int64,  # seconds from the window's start
        "last_after": pl.Int64,
        "facts": pl.String,
        "event_ids": pl.String,
    }
)


def evidence(
    connection: Connection, lake: Lake, names: Pseudonyms, entity: tuple[str, str], span: Span
) -> pl.DataFrame:
    """One row for each contract and product in whose events of the span the entity stands.

    `entity` is its type and pseudonym. `facts` is JSON: how many different values each column of
    texts has, how often each column of truths is true, sum and greatest of each column of numbers;
    a column that no event fills is left out, and so is every score. `event_ids` is JSON, the newest
    first. Empty where nothing tells whose pseudonym it is, and for types that stand in no event.
    """
    real = real_ids(connection, lake, names, [entity], span).get(entity)
    if real is None:
        return pl.DataFrame(schema=EVIDENCE)
    return again(lambda: _seen(lake, entity[0], real, span))


def _seen(lake: Lake, kind: str, real: str, span: Span) -> pl.DataFrame:
    rows = [
        row
        for contract in contracts().values()
        if contract.schema.get(kind) == pl.String
        for row in _of_contract(lake, contract, kind, real, span)
    ]
    found = pl.DataFrame(rows, schema=EVIDENCE, orient="row")
    return found.sort("contract", "product")


def _of_contract(
    lake: Lake, contract: Contract, kind: str, real: str, span: Span
) -> Iterator[tuple[object, ...]]:
    mine = events_of(lake, contract, span).filter(pl.col(kind) == real)
    counted = [name for name in contract.schema if name not in BARE and not name.startswith(SCORES)]
    after = (pl.col("occurred_at") - pl.lit(span.start, TIMESTAMP)).dt.total_seconds()
    newest = pl.struct("occurred_at", "event_id").sort(descending=True).head(LISTED)
    summed = mine.group_by("product").agg(
        events=pl.len().cast(pl.Int64),
        first_after=after.min(),
        last_after=after.max(),
        ids=newest.struct.field("event_id"),
        facts=pl.struct(
            fact
            for name, dtype in contract.schema.items()
            if name in counted
            for fact in _facts(name, dtype)
        ),
    )
    for row in summed.collect(engine="streaming").iter_rows(named=True):
        facts = {name: value for name, value in row["facts"].items() if value is not None}
        ids = [one if ID.fullmatch(one) else f"({len(one)} characters)" for one in row["ids"]]
        yield (
            contract.name,
            row["product"],
            row["events"],
            row["first_after"],
            row["last_after"],
            json.dumps(facts, sort_keys=True),
            json.dumps(ids),
        )


def _facts(name: str, dtype: pl.DataType) -> Iterator[pl.Expr]:
    """What is told of a column: counts, sums, never a value of a text; null where no event has one.

    Of a number sum and greatest, as only one of them says something of a size or an age.
    """
    column = pl.col(name)
    some = pl.when(column.is_not_null().any())
    if dtype == pl.Boolean:
        yield some.then(column.sum().cast(pl.Int64)).alias(name)
    elif dtype.is_numeric() and name != "asn":
        yield some.then(column.sum().cast(pl.Float64)).alias(f"{name}_sum")
        yield some.then(column.max().cast(pl.Float64)).alias(f"{name}_max")
    else:
        yield some.then(column.drop_nulls().n_unique().cast(pl.Int64)).alias(name)
