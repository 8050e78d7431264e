"""m1: an account that sends at least sixty messages or prompts in a clock hour."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.packed import high, hour_number, hour_start, low, pack, tally

HOUR = timedelta(hours=1)


@monitor(
    product="platform",
    harm=Harm.SPAM,
    entity="account_id",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=60,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S2,
    action="restrict_messaging",
    runbook="docs/benchmarks/week.md",
    canary=(Rows("actions", 60, values={"account_id": 1, "event_type": "prompt"}),),
)
def busy_accounts(actions: pl.LazyFrame) -> pl.LazyFrame:
    """Count an account's messages and prompts in each clock hour.

    Misses: bursts that straddle the hour. False alarms: bots that announce themselves.
    """
    sent = actions.filter(pl.col("event_type").is_in(["message_sent", "prompt"]))
    hours = tally(sent, pack(pl.col("account_id"), hour_number("occurred_at")))
    return hours.select(
        account_id=high(),
        score="n",
        window_start=hour_start(low()),
        window_end=hour_start(low() + 1),
    )
