"""Monitor `live/session_harassment`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

WINDOW = timedelta(minutes=15)
LIKELY = 0.7
FEWEST_REPORTS, FEWEST_VIEWERS, SHARE = 2, 5, 0.1
ABUSIVE = pl.col("score_harassment") >= LIKELY
REPORTED = (
    (pl.col("reports") >= FEWEST_REPORTS)
    & (pl.col("viewers") >= FEWEST_VIEWERS)
    & (pl.col("reports") >= SHARE * pl.col("viewers"))
)
CANARY = Rows(
    "live_sessions",
    n=6,
    every=timedelta(minutes=1),
    values={
        "session_id": "canary",
        "account_id": "canary",
        "score_harassment": 0.95,
        "reports": 3,
        "viewers": 8,
    },
)


@monitor(
    product="live",
    harm=Harm.HATE_HARASSMENT,
    entity="session_id",
    version=1,
    authors=("mlang",),
    owner="live-safety",
    threshold=4,
    near=3,
    window=WINDOW,
    cadence="5m",
    monotone=True,
    severity=Severity.S1,
    action="end_session",
    runbook="docs/runbooks/session_harassment.md",
    canary=(CANARY,),
)
def session_harassment(live_sessions: pl.LazyFrame) -> pl.LazyFrame:
    """Somebody is abused minute after minute in a live session.

    Most abusive minutes of a session in any 15 minutes that end in the hour. A minute is abusive
    when the harassment classifier gives 0.7 or more, or when a tenth of at least five people
    present, two or more, report it.

    Threshold: In three weeks of the two development worlds 3 of 13,816 other sessions reach 4; the
    most, 6, is the session of a host with thousands of viewers. Every account of the loud and of
    the slow campaigns reaches 4 in some session; sessions over it come to 15.

    Misses: Abuse that the classifier gives under 0.7, spread over many sessions (see
    `live/pile_on`), or in sessions of three minutes.

    False alarms: Debates, comedy and sport that are loud by agreement, languages that the
    classifier knows badly, and viewers who report a session together.
    """
    minutes = live_sessions.filter((ABUSIVE | REPORTED).fill_null(value=False))
    return sliding_count(minutes, entity="session_id", window=WINDOW, event_id="event_id")
