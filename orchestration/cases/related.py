"""Related accounts: those that share a device, an address, a payment or a key with somebody."""

import polars as pl

from monitors.columns import TIMESTAMP, schema
from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.cases.sightings import TIES, again, events_of
from orchestration.lake import Lake

ACCOUNT = "account_id"
MOST_VALUES = 200  # of one tie: the newest that were seen
SHARED = schema(
    {
        "entity": pl.String,
        "tie": pl.String,
        "value": pl.String,
        "other": pl.String,
        "events": pl.Int64,
        "since": TIMESTAMP,
        "until": TIMESTAMP,
    }
)
RELATED = schema({**SHARED, "sharers": pl.Int64})


def ties_of(seen: pl.DataFrame) -> pl.DataFrame:
    """What each entity could share with others: entity, tie and value, the newest of each tie.

    `seen` are sightings. An entity that is itself a device, an address, a payment or a key ties
    those who were seen with it.
    """
    frames = [
        seen.filter(pl.col(tie).is_not_null(), own | (pl.col("kind") == ACCOUNT))
        .group_by("entity", value=pl.col(tie))
        .agg(last=pl.col("last").max())
        .with_columns(tie=pl.lit(tie))
        .sort("last", "value", descending=[True, False])
        .group_by("entity", maintain_order=True)
        .head(MOST_VALUES)
        .select("entity", "tie", "value")
        for tie in TIES
        for own in [(pl.col("kind") == tie) & (pl.col("entity") == pl.col(tie))]
    ]
    return pl.concat(frames).sort("entity", "tie", "value")


def related(lake: Lake, seen: pl.DataFrame, span: Span) -> pl.DataFrame:
    """One row for each entity, tie and account that shares it within the span; with real ids.

    `sharers` is how many accounts share the value in all: with very many it is a public one that
    says little. Sorted by that, so that what says most comes first.
    """
    ties = ties_of(seen)
    return again(lambda: _related(lake, ties, span))


def _related(lake: Lake, ties: pl.DataFrame, span: Span) -> pl.DataFrame:
    frames = [pl.LazyFrame(schema=SHARED)]
    for contract in contracts().values():
        for tie in TIES:
            values = ties.filter(pl.col("tie") == tie).drop("tie")
            if tie not in contract.schema or ACCOUNT not in contract.schema or values.is_empty():
                continue
            wanted = values["value"].unique().to_list()  # so that files are read for these alone
            frames.append(
                events_of(lake, contract, span)
                .filter(pl.col(tie).is_in(wanted), pl.col(ACCOUNT).is_not_null())
                .group_by(value=pl.col(tie), other=pl.col(ACCOUNT))
                .agg(
                    events=pl.len().cast(pl.Int64),
                    since=pl.col("occurred_at").min(),
                    until=pl.col("occurred_at").max(),
                )
                .join(values.lazy(), on="value", how="inner")
                .with_columns(tie=pl.lit(tie))
                .select(SHARED.names())
            )
    shared = pl.concat(frames).group_by("entity", "tie", "value", "other")
    summed = shared.agg(
        events=pl.col("events").sum(), since=pl.col("since").min(), until=pl.col("until").max()
    ).collect(engine="streaming")
    counted = summed.with_columns(
        sharers=pl.col("other").n_unique().over("entity", "tie", "value").cast(pl.Int64)
    ).filter(pl.col("other") != pl.col("entity"))
    order = pl.col("tie").replace_strict(
        {tie: at for at, tie in enumerate(TIES)}, return_dtype=pl.Int64
    )
    return counted.select(RELATED.names()).sort(
        "sharers", order, "events", "other", "value", descending=[False, False, True, False, False]
    )
