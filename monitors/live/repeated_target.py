"""Monitor `live/repeated_target`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WEEK = timedelta(days=7)
HOSTILE = 0.2
FEWEST_MINUTES = 3
CANARY = tuple(
    Rows(
        "live_sessions",
        n=5,
        at=timedelta(hours=hours),
        every=timedelta(minutes=1),
        values={
            "account_id": "canary",
            "peer_id": "canary-peer",
            "session_id": f"canary-{hours}",
            "score_harassment": 0.6,
        },
    )
    for hours in (-24, 0, 2)
)


@monitor(
    product="live",
    harm=Harm.HATE_HARASSMENT,
    entity="account_id",
    version=1,
    authors=("mlang", "ndiaz"),
    owner="live-safety",
    threshold=2,
    near=1,
    window=WEEK - timedelta(days=1),
    cadence="daily",
    severity=Severity.S1,
    action="restrict_contact",
    runbook="docs/runbooks/repeated_target.md",
    canary=CANARY,
)
def repeated_target(live_sessions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """One account calls the same person again and again, to abuse them.

    Counts the hostile sessions of an account with one peer in the seven days up to the end of a
    day, for the peer with the most. A session is hostile when the harassment classifier gives 0.2
    or more on average over at least three minutes; a whole session over that is rarer than a loud
    minute. Only accounts with a session on the day are scored; null where no session of theirs
    with a peer has three scored minutes.

    Threshold: In the three weeks of the two development worlds other accounts have one hostile
    session with a peer 340 times and, but for one account, never two within seven days. Half of
    the accounts of the loud and slow campaigns have two with one peer.

    Misses: People who pick a new victim each time (see `live/session_harassment`), who come back
    with new accounts (see `live/pile_on`), or whose sessions last two minutes.

    False alarms: Friends and couples who are rude by habit, rehearsals, role play, and languages
    that the classifier knows badly.
    """
    start, end, time = pl.col("start"), pl.col("end"), pl.col("occurred_at")
    score = pl.col("score_harassment")
    week = live_sessions.join(period, how="cross").filter(time >= end - WEEK, time < end)
    hostile = (score.mean() >= HOSTILE) & (score.count() >= FEWEST_MINUTES)
    sessions = week.group_by("start", "end", "account_id", "peer_id", "session_id").agg(
        hostile=hostile, scored=score.count() >= FEWEST_MINUTES, today=(time >= start).any()
    )
    pairs = sessions.group_by("start", "end", "account_id", "peer_id").agg(
        pl.col("hostile").sum(), pl.col("scored", "today").any()
    )
    told = pl.col("scored") & pl.col("peer_id").is_not_null()
    return (
        pairs.with_columns(hostile=pl.when(told).then("hostile"))
        .group_by("start", "end", "account_id")
        .agg(
            score=pl.col("hostile").max().cast(pl.Float64),
            peers=(pl.col("hostile") > 0).sum(),
            peer_id=pl.col("peer_id")
            .sort_by("hostile", "peer_id", descending=[True, False], nulls_last=True)
            .first(),
            today=pl.col("today").any(),
        )
        .filter("today")
        .select(
            "account_id", "score", "peers", "peer_id", window_start=end - WEEK, window_end="end"
        )
    )
