"""Monitor `chat/jailbreak_burst`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.chat._attempts import ATTEMPT
from monitors.contract import Severity, monitor
from monitors.detectors.baseline_distance import baseline_distance
from monitors.harms import Harm

USUAL = Baseline(Activity("prompts", by=("account_id",), where=ATTEMPT), days=56)
SENT: dict[str, object] = {"account_id": "canary", "score_jailbreak": 1.0}
CANARY = (
    Rows("prompts", n=10, at=timedelta(days=-11), every=timedelta(days=1), values=SENT),
    Rows("prompts", n=30, every=timedelta(seconds=30), values=SENT),
)


@monitor(
    product="chat",
    harm=Harm.JAILBREAK,
    entity="account_id",
    version=2,
    authors=("asato",),
    owner="chat-safety",
    threshold=7,
    near=3.5,
    window=timedelta(0),
    cadence="daily",
    severity=Severity.S2,
    action="restrict_model",
    runbook="docs/runbooks/jailbreak_burst.md",
    canary=CANARY,
    baseline=(USUAL,),
)
def jailbreak_burst(prompts: pl.LazyFrame, prompts_baseline: pl.LazyFrame) -> pl.LazyFrame:
    """An account sends far more jailbreak attempts in a day than it usually does.

    Robust distance of the day's attempts from the account's own median over the days on which it
    was active in the last 56, in units of its usual spread, which is taken as at least one
    attempt. Null with fewer than 5 such days.

    Threshold: 3.5 is the textbook's outlier and the near miss here. Of 274 days of places
    with enough history in the public sample the highest is 5.4; in four weeks of two simulated
    worlds the highest of an honest account is 6.

    Misses: Accounts that are new or that always attempt much, and attempts that the classifier
    scores under 0.5, or does not score and that are short.

    False alarms: Red teams at work, a classifier that was updated, and a community that posts a
    collection at once.
    """
    attempts = prompts.filter(ATTEMPT).with_columns(events=pl.lit(1, pl.Int64))
    return baseline_distance(
        attempts,
        prompts_baseline,
        keys=("product", "account_id"),
        minimum_periods=5,
        time="occurred_at",
    )
