"""Monitor `api/denial_of_wallet`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

DAY, STEP = timedelta(days=1), timedelta(seconds=30)
LEAST = 30  # requests; under it one conversation decides
CANARY = Rows(
    "api_requests",
    n=60,
    every=timedelta(seconds=5),
    values={"key_id": "canary", "end_user_id": "canary-1", "cost_usd": 0.1},
)


@monitor(
    product="api",
    harm=Harm.RESOURCE_ABUSE,
    entity="key_id",
    version=1,
    authors=("ndiaz", "rkhan"),
    owner="api-integrity",
    threshold=0.25,
    near=0.18,
    window=timedelta(0),
    cadence="daily",
    severity=Severity.S2,
    action="cap_budget",
    runbook="docs/runbooks/denial_of_wallet.md",
    canary=(CANARY,),
)
def denial_of_wallet(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """End users keep a customer's key in loops that the customer pays for.

    Share of a UTC day's requests on behalf of end users that follow one of the same end user
    within 30 seconds; null under 30 such requests. Evidence has the loops' cost and the day's.

    Threshold: On 14 days of two development worlds the most of any honest key and day is 0.18. On
    its worst day an attacked key has 0.58 to 0.82 where the attack is loud, 0.48 to 0.68 where
    slow and 0.35 to 0.81 where evasive, spread over 40 end users.

    Misses: Loops slower than one step in 30 seconds, keys that send no end users, expensive single
    requests, and a customer with so many other users that the loops are few among them.

    False alarms: Agents and tools that take steps by themselves, for whom loops are what the
    customer sells: the same share every day is the product, a new one is an attack.
    """
    time = pl.col("occurred_at")
    day = time.dt.truncate("1d").alias("day")
    named = api_requests.filter(
        pl.col("key_id").is_not_null(), pl.col("end_user_id").is_not_null()
    ).select("key_id", "end_user_id", "occurred_at", "cost_usd", "event_id", day)
    ordered = named.sort("key_id", "end_user_id", "occurred_at", "event_id")
    same = pl.all_horizontal(
        pl.col(name) == pl.col(name).shift(1) for name in ("key_id", "end_user_id", "day")
    )
    looped = ordered.with_columns(loop=(same & (time.diff() <= STEP)).fill_null(value=False))
    loop, cost = pl.col("loop"), pl.col("cost_usd")
    return (
        looped.group_by("key_id", "day")
        .agg(
            requests=pl.len().cast(pl.Int64),
            share=loop.mean(),
            loop_requests=loop.sum(),
            loop_users=pl.col("end_user_id").filter(loop).n_unique(),
            loop_usd=cost.filter(loop).sum().round(6),
            usd=cost.sum().round(6),
            event_id=pl.col("event_id").filter(loop).min(),
        )
        .select(
            "key_id",
            *("requests", "loop_requests", "loop_users", "loop_usd", "usd", "event_id"),
            score=pl.when(pl.col("requests") >= LEAST).then("share"),
            window_start="day",
            window_end=pl.col("day") + DAY,
        )
    )
