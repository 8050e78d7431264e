"""Monitor `live/minor_contact`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WEEK = timedelta(days=7)
YOUNG = 0.35
FEWEST_MINUTES = 3
PAIRS = Activity(
    "live_sessions",
    by=("account_id", "peer_id"),
    sums={
        "minor_sum": pl.col("score_minor").sum(),
        "minor_scored": pl.col("score_minor").count(),
        "contact_moves": (pl.col("action") == "contact_move").sum(),
    },
    where=pl.col("peer_id").is_not_null(),
)
CANARY = tuple(
    Rows(
        "live_sessions",
        n=3,
        at=at,
        every=timedelta(minutes=1),
        values={
            "account_id": "canary",
            "peer_id": f"canary-{peer}",
            "session_id": f"canary-{peer}",
            "action": action,
            "score_minor": 0.8,
        },
    )
    for peer in range(4)
    for at, action in (
        (timedelta(minutes=10 * peer), "minute"),
        (timedelta(minutes=10 * peer + 5), "contact_move"),
    )
)


@monitor(
    product="live",
    harm=Harm.CHILD_SAFETY,
    entity="account_id",
    version=1,
    authors=("ndiaz", "asato"),
    owner="child-safety",
    threshold=2,
    near=1,
    window=WEEK,
    cadence="hourly",
    severity=Severity.S0,
    action="suspend_account",
    runbook="docs/runbooks/minor_contact.md",
    canary=CANARY,
    activity=(PAIRS,),
)
def minor_contact(live_sessions_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """An account seeks out children and asks one after another to go on somewhere else.

    Counts the young peers whom an account asked off the platform in the seven days up to the end
    of an hour in which it was active. A peer is young when the classifier gives 0.35 or more on
    average over at least three minutes with this account. Null where no peer has three scored
    minutes. Evidence holds counts alone: the children are never listed.

    Threshold: In the three weeks of the two development worlds no other account asks more than one
    young peer in a week; three ask one, and none meets more than four. Accounts of the loud
    campaigns ask 8 to 17, of the slow ones 2 to 12, of the evasive ones up to 7: 5 of 76 ask fewer
    than two.

    Misses: A single child, moves to other platforms that are not noticed, peers whom the classifier
    takes for adults, and contact slower than a week.

    False alarms: Children among themselves, who exchange names all the time, teachers and coaches
    with a class, and adults who look young to the classifier. A person trained for it decides.
    """
    hour, start, end = pl.col("hour"), pl.col("start"), pl.col("end")
    week = live_sessions_activity.join(period, how="cross").filter(hour >= end - WEEK, hour < end)
    pairs = week.group_by("start", "end", "account_id", "peer_id").agg(
        pl.col("minor_sum", "minor_scored", "contact_moves", "events").sum(),
        today=(hour >= start).any(),
    )
    told = pl.col("minor_scored") >= FEWEST_MINUTES
    young = told & (pl.col("minor_sum") >= YOUNG * pl.col("minor_scored"))
    asked = young & (pl.col("contact_moves") > 0)
    return (
        pairs.group_by("start", "end", "account_id")
        .agg(
            score=pl.when(told.any()).then(asked.sum()).cast(pl.Float64),
            young_peers=young.sum(),
            peers=pl.len(),
            contact_moves=pl.col("contact_moves").sum(),
            minutes=pl.col("events").sum(),
            today=pl.col("today").any(),
        )
        .filter("today")
        .select(
            *("account_id", "score", "young_peers", "peers", "contact_moves", "minutes"),
            window_start=end - WEEK,
            window_end="end",
        )
    )
