"""Monitor `chat/minor_sexual_content`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.classifier_score import classifier_score
from monitors.harms import Harm

CUT = 0.97
CANARY = Rows(
    "prompts",
    n=1,
    at=timedelta(minutes=5),
    values={"account_id": "canary", "score_sexual_minors": 0.99},
)


@monitor(
    product="chat",
    harm=Harm.CHILD_SAFETY,
    entity="account_id",
    version=1,
    authors=("mlang",),
    owner="child-safety",
    threshold=CUT,
    near=0.9,
    window=timedelta(0),
    cadence="5m",
    monotone=True,
    severity=Severity.S0,
    action="block_account",
    runbook="docs/runbooks/minor_sexual_content.md",
    canary=(CANARY,),
)
def minor_sexual_content(prompts: pl.LazyFrame) -> pl.LazyFrame:
    """An account asks for sexual content about children; once is enough.

    The highest probability that the classifier gave any of its prompts in the calendar hour; null
    where it scored none. Nothing but scores, times and ids leaves this monitor.

    Threshold: In four weeks of two simulated worlds, in which nobody asks for it, the classifier
    gives 0.9 or more in 9 hours of an account and 0.97 or more in 2.

    Misses: Requests that the classifier scores lower, not at all, or that are split over prompts.

    False alarms: Survivors, parents, moderators and police who describe what happened, which is
    why specialists decide, and nobody else sees the case.
    """
    hits = classifier_score(
        prompts,
        entity="account_id",
        probability="score_sexual_minors",
        cut=CUT,
        statistic="hits",
        event_id="event_id",
    )
    return hits.with_columns(score=pl.col("highest"))
