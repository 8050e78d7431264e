"""m4: a product's hour in which far more events than usual for that hour score as abuse."""

from datetime import timedelta

import polars as pl

from monitors.activity import MAD_TO_SIGMA, Activity
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

HOUR = timedelta(hours=1)
ENOUGH = 500  # events without which an hour's rate says nothing
MARGIN = 0.004  # a rate this much over the median is never unusual
POSITIVE = (pl.col("classifier_score") >= 0.5).sum().cast(pl.Int64)  # noqa: PLR2004


@monitor(
    product="platform",
    harm=Harm.MONITORING_GAP,
    entity="product",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=0,
    near=-0.002,
    window=timedelta(days=7),
    cadence="daily",
    severity=Severity.S3,
    action="page_owner",
    runbook="docs/benchmarks/week.md",
    activity=(Activity("actions", by=(), sums={"positive": POSITIVE}, hourly=True),),
    canary=tuple(
        Rows("actions", 500, at=at, values={"classifier_score": score})
        for at, score in (
            (timedelta(0), 0.9),
            (timedelta(days=-1), 0.1),
            (timedelta(days=-2), 0.1),
        )
    ),
)
def drifting_classifiers(actions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Compare each hour's share of positives with the same hour of the days before.

    Score: the share minus (median + 6 scaled MADs + 0.004); null below 500 events.
    Misses: slow drift. False alarms: launches.
    """
    rate = pl.col("positive") / pl.col("events")
    hours = actions_activity.select(
        "product", "events", window_start="hour", rate=rate, slot=pl.col("hour").dt.hour()
    ).join(period, how="cross")
    past = hours.filter(pl.col("window_start") < pl.col("start"))
    medians = past.group_by("product", "slot").agg(usual=pl.col("rate").median())
    spread = (
        past.join(medians, on=["product", "slot"])
        .group_by("product", "slot")
        .agg(pl.col("usual").first(), mad=(pl.col("rate") - pl.col("usual")).abs().median())
    )
    limit = pl.col("usual") + 6 * MAD_TO_SIGMA * pl.col("mad") + MARGIN
    return (
        hours.filter(pl.col("window_start") >= pl.col("start"))
        .join(spread, on=["product", "slot"])
        .select(
            "product",
            "window_start",
            window_end=pl.col("window_start") + HOUR,
            score=pl.when(pl.col("events") >= ENOUGH).then(pl.col("rate") - limit),
            n="events",
        )
    )
