"""Monitor `chat/jailbreak_template_spread`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.chat._attempts import ATTEMPT
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WINDOW = timedelta(days=28)
BY_TEMPLATE = Activity("prompts", by=("text_hash", "account_id"), where=ATTEMPT)
CANARY = Rows(
    "prompts",
    n=4,
    at=timedelta(days=-9),
    every=timedelta(days=3),
    values={"account_id": "canary-{i}", "text_hash": "canary", "score_jailbreak": 1.0},
)


@monitor(
    product="chat",
    harm=Harm.JAILBREAK,
    entity="text_hash",
    version=1,
    authors=("asato",),
    owner="chat-safety",
    threshold=3,
    near=2,
    window=WINDOW,
    cadence="daily",
    severity=Severity.S2,
    action="block_template",
    runbook="docs/runbooks/jailbreak_template_spread.md",
    canary=(CANARY,),
    activity=(BY_TEMPLATE,),
)
def jailbreak_template_spread(prompts_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """One jailbreak text is handed on from community to community.

    Counts the accounts, or communities where the log has those, that sent the same normalised
    text in the 28 days up to the end of a day on which it was sent again.

    Threshold: Of the 647 distinct texts that people posted from December 2022 to May 2023, 8 were
    sent by two communities within 28 days and none by three, so three is more than coincidence.

    Misses: Texts with one word changed, for the hash is exact after normalisation; texts that the
    jailbreak classifier scores under 0.5, or does not score and that are short; and spread slower
    than 28 days.

    False alarms: Safety researchers and red teams who replay a public list, courses, one person
    with several accounts, and, while no classifier scores prompts, any long text in common use.
    """
    sent = prompts_activity.filter(
        pl.col("text_hash").is_not_null(), pl.col("account_id").is_not_null()
    )
    day, start, end = pl.col("hour"), pl.col("start"), pl.col("end")
    seen = sent.join(period, how="cross").filter(day >= end - WINDOW, day < end)
    return (
        seen.group_by("text_hash", "start", "end")
        .agg(
            score=pl.col("account_id").n_unique().cast(pl.Float64),
            prompts=pl.col("events").sum(),
            first_hour=day.min(),
            today=(day >= start).any(),
        )
        .filter("today")
        .select(
            "text_hash",
            "score",
            window_start=end - WINDOW,
            window_end=end,
            prompts="prompts",
            first_hour="first_hour",
        )
    )
