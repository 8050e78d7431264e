"""m2: an address from which at least fifteen accounts act in a day."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.packed import high, pack, tally


@monitor(
    product="platform",
    harm=Harm.FAKE_ACCOUNTS,
    entity="ip",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=15,
    window=timedelta(0),
    cadence="daily",
    severity=Severity.S3,
    action="review_accounts",
    runbook="docs/benchmarks/week.md",
    canary=tuple(Rows("actions", 1, values={"account_id": i, "ip": 1}) for i in range(15)),
)
def crowded_addresses(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count the accounts that use an address in a day.

    Misses: farms that rotate addresses. False alarms: carriers and offices.
    """
    day = period.select(window_start="start", window_end="end")
    used = tally(actions, pack(pl.col("ip"), pl.col("account_id")))
    accounts = used.select(ip=high()).set_sorted("ip").group_by("ip").agg(score=pl.len())
    return accounts.join(day, how="cross")
