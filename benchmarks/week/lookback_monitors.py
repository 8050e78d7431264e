"""Three monitors that look back over a week every hour, each from events and from activity.

Each comes in two designs: one scores every entity of the week, the other only those that were
active in the hour, whose scores alone can have grown. (Not for the last hour of a day: there the
look-back gives the whole day as one row, in which the hour no longer shows.)
"""

from datetime import timedelta
from functools import partial

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
POSITIVE = (pl.col("classifier_score") >= 0.5).sum().cast(pl.Int64)  # noqa: PLR2004

every_hour = partial(
    monitor,
    product="chat",
    harm=Harm.SPAM,
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    cadence="hourly",
    severity=Severity.S3,
    action="review_accounts",
    runbook="docs/benchmarks/week.md",
    canary=(Rows("actions", 1),),
)
by_events = partial(every_hour, window=WEEK - HOUR)  # the partition's own hour comes on top
BY_ACCOUNT = Activity("actions", by=("account_id",))
BY_PAIR = Activity("actions", by=("ip", "account_id"))
BY_PRODUCT = Activity("actions", by=(), sums={"positive": POSITIVE})
by_account = partial(every_hour, window=WEEK, activity=(BY_ACCOUNT,))
by_pair = partial(every_hour, window=WEEK, activity=(BY_PAIR,))
by_product = partial(every_hour, window=WEEK, activity=(BY_PRODUCT,))


@by_events(entity="account_id", threshold=2000)
def active_by_events(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count an account's events in a week."""
    return _week(actions.group_by("account_id").agg(score=pl.len()), period)


@by_account(entity="account_id", threshold=2000)
def active(actions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count an account's events in a week."""
    counts = actions_activity.group_by("account_id").agg(score=pl.col("events").sum())
    return _week(counts, period)


@by_events(entity="ip", threshold=100)
def crowded_by_events(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count an address's accounts in a week."""
    return _week(actions.group_by("ip").agg(score=pl.col("account_id").n_unique()), period)


@by_pair(entity="ip", threshold=100)
def crowded(actions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count an address's accounts in a week."""
    counts = actions_activity.group_by("ip").agg(score=pl.col("account_id").n_unique())
    return _week(counts, period)


@by_events(entity="product", threshold=0.05)
def hits_by_events(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Share of a product's events in a week that score as abuse."""
    return _week(actions.group_by("product").agg(score=POSITIVE / pl.len()), period)


@by_product(entity="product", threshold=0.05)
def hits(actions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Share of a product's events in a week that score as abuse."""
    share = pl.col("positive").sum() / pl.col("events").sum()
    return _week(actions_activity.group_by("product").agg(score=share), period)


@by_events(entity="account_id", threshold=2000)
def active_now_by_events(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count the week's events of each account of the hour."""
    return active_by_events(_of_the_hour(actions, period, "occurred_at", "account_id"), period)


@by_account(entity="account_id", threshold=2000)
def active_now(actions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count the week's events of each account of the hour."""
    return active(_of_the_hour(actions_activity, period, "hour", "account_id"), period)


@by_events(entity="ip", threshold=100)
def crowded_now_by_events(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count the week's accounts of each address of the hour."""
    return crowded_by_events(_of_the_hour(actions, period, "occurred_at", "ip"), period)


@by_pair(entity="ip", threshold=100)
def crowded_now(actions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count the week's accounts of each address of the hour."""
    return crowded(_of_the_hour(actions_activity, period, "hour", "ip"), period)


def _week(scores: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    window = period.select(window_start=pl.col("end") - WEEK, window_end="end")
    return scores.join(window, how="cross")


def _of_the_hour(rows: pl.LazyFrame, period: pl.LazyFrame, time: str, key: str) -> pl.LazyFrame:
    """Rows of the keys that have one in the hour under evaluation."""
    start = period.collect()["start"].item()
    now = rows.filter(pl.col(time) >= start).select(key).unique().collect(engine="streaming")
    return rows.filter(pl.col(key).is_in(now[key].implode()))


DESIGNS = {
    "every entity": (
        (active_by_events, active),
        (crowded_by_events, crowded),
        (hits_by_events, hits),
    ),
    "entities of the hour": (
        (active_now_by_events, active_now),
        (crowded_now_by_events, crowded_now),
        (hits_by_events, hits),
    ),
}
