"""m9: a product that sends no event for an hour."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

HOUR = timedelta(hours=1)


@monitor(
    product="platform",
    harm=Harm.MONITORING_GAP,
    entity="product",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=1,
    window=timedelta(days=1),
    cadence="daily",
    severity=Severity.S1,
    action="page_owner",
    runbook="docs/benchmarks/week.md",
    activity=(Activity("actions", by=(), hourly=True),),
    canary=(Rows("actions", 1, values={"account_id": 1}),),
)
def silent_products(actions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Look for hours without an event, among products that had one on the day.

    Score: 1 for silence, else 0. Misses: a product silent all day. False alarms: small products.
    """
    hours = period.select(
        window_start=pl.datetime_ranges("start", "end", "1h", closed="left")
    ).explode("window_start")
    grid = actions_activity.select("product").unique().join(hours, how="cross")
    seen = actions_activity.select("product", window_start="hour", seen=pl.lit(True))
    return grid.join(seen, on=["product", "window_start"], how="left").select(
        "product",
        "window_start",
        window_end=pl.col("window_start") + HOUR,
        score=pl.col("seen").is_null().cast(pl.Float64),
    )
