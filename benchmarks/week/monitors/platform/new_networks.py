"""m5: an account with history that uses at least four never-seen networks in a day."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm


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
    firsts = actions.group_by("account_id", "asn").agg(first=pl.col("occurred_at").min())
    start, first = pl.col("start"), pl.col("first")
    return (
        firsts.join(period, how="cross")
        .group_by("account_id")
        .agg(new=(first >= start).sum(), known=(first < start).any(), **WINDOW)
        .select("account_id", *WINDOW, score=pl.when("known").then("new"))
    )


WINDOW = {"window_start": pl.col("start").first(), "window_end": pl.col("end").first()}
