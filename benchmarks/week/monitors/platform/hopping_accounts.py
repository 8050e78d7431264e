"""m3: an account that changes country at least four times in a week, each within an hour."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

HOUR = timedelta(hours=1)


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
        Rows(
            "actions",
            1,
            at=timedelta(minutes=i),
            values={"account_id": 1, "country": ("AQ", "BQ")[i % 2]},
        )
        for i in range(5)
    ),
)
def hopping_accounts(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count changes of country between consecutive events of an account at most an hour apart.

    Misses: an address abroad used for everything. False alarms: corporate networks.
    """
    country = pl.col("country")
    places = actions.group_by("account_id").agg(first=country.min(), last=country.max())
    moved = places.filter(pl.col("first") != pl.col("last"))
    rows = (
        actions.select("account_id", "occurred_at", "country")
        .join(moved, on="account_id", how="semi")
        .sort("account_id", "occurred_at", "country")
    )
    hop = (
        (pl.col("account_id") == pl.col("account_id").shift())
        & (country != country.shift())
        & (pl.col("occurred_at") - pl.col("occurred_at").shift() <= HOUR)
    )
    hops = rows.filter(hop).group_by("account_id").agg(hops=pl.len())
    week = period.select(window_start=pl.col("end") - timedelta(days=7), window_end="end")
    return (
        places.select("account_id")
        .join(hops, on="account_id", how="left")
        .select("account_id", score=pl.col("hops").fill_null(0))
        .join(week, how="cross")
    )
