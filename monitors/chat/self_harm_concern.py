"""Monitor `chat/self_harm_concern`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.chat._weeks import BEFORE, DAY, WEEK
from monitors.contract import Severity, monitor
from monitors.detectors.classifier_score import classifier_score
from monitors.harms import Harm

CUT = 0.7
CANARY = Rows(
    "prompts",
    n=4,
    at=-3 * DAY,
    every=timedelta(days=1),
    values={"account_id": "canary", "score_self_harm": 0.9},
)


@monitor(
    product="chat",
    harm=Harm.SELF_HARM,
    entity="account_id",
    version=1,
    authors=("asato", "mlang"),
    owner="chat-care",
    threshold=3,
    near=2,
    window=BEFORE,
    cadence="daily",
    severity=Severity.S0,
    action="offer_support",
    runbook="docs/runbooks/self_harm_concern.md",
    canary=(CANARY,),
)
def self_harm_concern(prompts: pl.LazyFrame) -> pl.LazyFrame:
    """Somebody comes back, day after day, to thoughts of harming themselves.

    Distinct days of the 7 up to the end of this one on which the self-harm classifier gave a
    prompt of theirs 0.7 or more. Null on a day without a scored prompt. A person is offered
    support; nothing here is an offence.

    Threshold: In four weeks of two simulated worlds, in which nobody is in need and the classifier
    errs as it does elsewhere, no account has more than 2 such days.

    Misses: Those who say it once, those who say it in words the classifier does not know, and
    whoever stops writing, which can be the worst sign.

    False alarms: Writers, students and carers who ask about it for days. That is no loss: the
    offer is kind either way.
    """
    return classifier_score(
        prompts,
        entity="account_id",
        probability="score_self_harm",
        cut=CUT,
        statistic="days",
        look_back=WEEK,
        grid=DAY,
        event_id="event_id",
    )
