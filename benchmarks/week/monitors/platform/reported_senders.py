"""m7: an account of whose delivered messages of a day at least a tenth are reported."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

ENOUGH = 8  # delivered messages without which a rate says nothing


@monitor(
    product="platform",
    harm=Harm.HATE_HARASSMENT,
    entity="account_id",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=0.1,
    window=timedelta(0),
    cadence="daily",
    severity=Severity.S2,
    action="restrict_messaging",
    runbook="docs/benchmarks/week.md",
    canary=(
        Rows(
            "actions",
            8,
            values={"account_id": 1, "event_type": "message_delivered", "reported": True},
        ),
    ),
)
def reported_senders(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Divide reports by delivered messages, for each account and day.

    Score: null below eight messages. Misses: senders whose victims do not report.
    False alarms: brigades of reporters.
    """
    day = period.select(window_start="start", window_end="end")
    delivered = actions.filter(pl.col("event_type") == "message_delivered")
    counts = delivered.group_by("account_id").agg(n=pl.len(), reports=pl.col("reported").sum())
    rate = pl.when(pl.col("n") >= ENOUGH).then(pl.col("reports") / pl.col("n"))
    return counts.with_columns(score=rate).join(day, how="cross")
