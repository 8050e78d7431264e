"""Where entities were seen: the events of a bounded time in which they stand, summed up by hour."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from typing import TypeVar

import polars as pl

from monitors.columns import TIMESTAMP, Contract, schema
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.inputs import EVENTS
from orchestration.lake import Lake

T = TypeVar("T")
LOOK_BACK = timedelta(days=30)
SIGNUP_BACK = timedelta(days=90)  # as long as events are kept as a rule
TIES = ("device_id", "payment_hash", "key_id", "ip")  # what accounts may share, the strongest first
CARRIED = schema(
    {
        "account_id": pl.String,
        "device_id": pl.String,
        "ip": pl.String,
        "asn": pl.Int64,
        "user_agent": pl.String,
        "key_id": pl.String,
        "payment_hash": pl.String,
        "email_domain": pl.String,
        "plan": pl.String,
    }
)
WHERE = schema(
    {
        "kind": pl.String,
        "entity": pl.String,
        "contract": pl.String,
        "product": pl.String,
        "hour": TIMESTAMP,
    }
)
SIGHTINGS = schema(
    {
        **WHERE,
        **CARRIED,
        "events": pl.Int64,
        "first": TIMESTAMP,
        "last": TIMESTAMP,
        "spend_usd": pl.Float64,
    }
)


def sightings(
    lake: Lake, subjects: Mapping[str, Collection[str]], span: Span, *, only: str | None = None
) -> pl.DataFrame:
    """One row for each hour, product, contract and what the events of an entity carried.

    `subjects` are real ids by type: the name of the column that holds them. `only` one contract.
    `spend_usd` is null where no event says what was spent, `plan` where none names it.
    """
    return again(lambda: _sightings(lake, subjects, span, only))


def again(read: Callable[[], T]) -> T:
    """What `read` gives; once more if a file went away: compaction had put a day in its place."""
    try:
        return read()
    except FileNotFoundError:
        return read()


def events_of(lake: Lake, contract: Contract, span: Span) -> pl.LazyFrame:
    """Events of one contract on every product."""
    table = f"{EVENTS}/{contract.name}"
    return lake.scan(table, lake.products(table), span, schema=contract.schema)


def _sightings(
    lake: Lake, subjects: Mapping[str, Collection[str]], span: Span, only: str | None
) -> pl.DataFrame:
    frames = [pl.LazyFrame(schema=SIGHTINGS)]
    for kind, contract in _pairs(subjects, only):
        rows = events_of(lake, contract, span).filter(pl.col(kind).is_in(sorted(subjects[kind])))
        frames.append(_summed(rows, kind, contract))
    found = pl.concat(frames).collect(engine="streaming")
    return found.sort("first", "contract", "kind", "entity")


def _pairs(
    subjects: Mapping[str, Collection[str]], only: str | None
) -> Iterator[tuple[str, Contract]]:
    for contract in contracts().values():
        if only in {None, contract.name}:
            for kind, ids in subjects.items():
                if ids and contract.schema.get(kind) == pl.String:
                    yield kind, contract


def _summed(rows: pl.LazyFrame, kind: str, contract: Contract) -> pl.LazyFrame:
    spend = _spend(contract)
    named = rows.with_columns(
        *(
            pl.lit(None, dtype).alias(name)
            for name, dtype in CARRIED.items()
            if name not in contract.schema
        ),
    ).with_columns(
        plan=pl.col("extra").str.json_path_match("$.plan"),
        kind_=pl.lit(kind),
        entity_=pl.col(kind),
        hour=pl.col("occurred_at").dt.truncate("1h"),
        contract=pl.lit(contract.name),
        spend=spend,
    )
    by = ["kind_", "entity_", "contract", "product", "hour", *CARRIED.names()]
    spent = pl.when(pl.col("spend").is_not_null().any()).then(pl.col("spend").sum())
    return (
        named.group_by(by)
        .agg(
            events=pl.len().cast(pl.Int64),
            first=pl.col("occurred_at").min(),
            last=pl.col("occurred_at").max(),
            spend_usd=spent,
        )
        .select(pl.all().exclude("kind_", "entity_"), kind="kind_", entity="entity_")
        .select(SIGHTINGS.names())
    )


def _spend(contract: Contract) -> pl.Expr:
    """What an event says was spent; null where it says nothing."""
    if "cost_usd" in contract.schema:
        return pl.col("cost_usd")
    if contract.name == "payments":
        paid = pl.col("succeeded") & (pl.col("kind").fill_null("charge") == "charge")
        return pl.when(paid).then(pl.col("amount_usd"))
    return pl.lit(None, pl.Float64)
