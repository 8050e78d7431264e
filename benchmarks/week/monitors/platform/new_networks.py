"""m5: an account with history that uses at least four never-seen networks in a day."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.packed import high, pack, tally


@monitor(
    product="platform",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="account_id",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=4,
    window=timedelta(days=6),
    cadence="daily",
    severity=Severity.S2,
    action="verify_account",
    runbook="docs/benchmarks/week.md",
    canary=tuple(
        Rows("actions", 1, at=timedelta(days=-(i == 0)), values={"account_id": 1, "asn": i})
        for i in range(5)
    ),
)
def new_networks(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count the autonomous systems that an account uses for the first time in a week.

    Score: null for an account without events before the day. Misses: networks used a week ago.
    False alarms: people who travel.
    """
    day = period.collect()
    key = pack(pl.col("account_id"), pl.col("asn"))
    today = tally(actions.filter(pl.col("occurred_at") >= day["start"].item()), key)
    week = tally(actions, key).select("key", ever="n")
    used = today.join(week, on="key").select("n", "ever", account_id=high())
    known = week.group_by(account_id=high()).agg(ever=pl.col("ever").sum())
    return (
        used.group_by("account_id")
        .agg(pl.col("n").sum(), new=(pl.col("n") == pl.col("ever")).sum())
        .join(known, on="account_id")
        .select(
            "account_id",
            score=pl.when(pl.col("ever") > pl.col("n")).then("new"),
            window_start=day["start"].item(),
            window_end=day["end"].item(),
        )
    )
