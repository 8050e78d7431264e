"""Monitor `chat/jailbreak_campaign`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.chat._attempts import LIKELY
from monitors.chat._weeks import BEFORE, DAY, WEEK, weeks
from monitors.contract import Severity, monitor
from monitors.detectors.sequence import sequence
from monitors.harms import Harm

RETRY = timedelta(minutes=30)
SENT: dict[str, object] = {
    "account_id": "canary",
    "text_hash": "canary-{i}",
    "template_hash": "canary",
    "score_jailbreak": 0.9,
}
CANARY = (
    Rows("prompts", n=10, every=timedelta(minutes=1), values={**SENT, "refused": True}),
    Rows(
        "prompts",
        n=1,
        at=timedelta(minutes=12),
        values={**SENT, "text_hash": "through", "refused": False},
    ),
)


@monitor(
    product="chat",
    harm=Harm.JAILBREAK,
    entity="account_id",
    version=1,
    authors=("asato", "mlang"),
    owner="chat-safety",
    threshold=8,
    near=5,
    window=BEFORE + RETRY,
    cadence="daily",
    severity=Severity.S2,
    action="restrict_model",
    runbook="docs/runbooks/jailbreak_campaign.md",
    canary=CANARY,
)
def jailbreak_campaign(prompts: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """An account rewords one refused jailbreak again and again, until it is answered.

    The most wordings of one template that the account sent within the 7 days up to the end of a
    day on which it sent one; 0 where no refused attempt was followed within half an hour by one
    that was answered. Attempts are prompts that the jailbreak classifier scores 0.5 or more.

    Threshold: In four weeks of two simulated worlds the most that any honest account scores is 6,
    curious people who try every day included. Half of the accounts of campaigns that work on a
    template or two reach 14, and nineteen in twenty send 7 wordings or more.

    Misses: Rings whose members each send a few wordings of many templates (jailbreak_variants
    sees those), attempts without a score or a template, and those that are never answered.

    False alarms: Red teams at work, and researchers who measure how often a wording gets through.
    """
    attempts = prompts.filter(
        pl.col("score_jailbreak") >= LIKELY,
        pl.col("account_id").is_not_null(),
        pl.col("template_hash").is_not_null(),
    )
    tried = _tried(weeks(attempts, period))
    got = _answered(attempts, period)
    score = pl.when(pl.col("answered") > 0).then("wordings").otherwise(0).cast(pl.Float64)
    return tried.join(got, on=["account_id", "end"], how="left").select(
        "account_id",
        score=score,
        window_start=pl.col("end") - WEEK,
        window_end="end",
        answered="answered",
        attempts="attempts",
        refusals="refusals",
        templates="templates",
    )


def _tried(attempts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and week with an attempt on its last day: its busiest template."""
    templates = attempts.group_by("account_id", "end", "template_hash").agg(
        wordings=pl.col("text_hash").n_unique(),
        attempts=pl.len(),
        refusals=pl.col("refused").sum(),
        today=pl.col("today").any(),
    )
    accounts = templates.group_by("account_id", "end").agg(
        pl.col("wordings").max(),
        pl.col("attempts", "refusals").sum(),
        templates=pl.len(),
        today=pl.col("today").any(),
    )
    return accounts.filter("today")


def _answered(attempts: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and week: attempts that were answered soon after a refused one."""
    refused = pl.col("refused")
    steps = (refused, ~refused)
    days = sequence(attempts, entity="account_id", steps=steps, within=RETRY, grid=DAY)
    placed = days.with_columns(occurred_at=pl.col("window_end") - DAY)
    answered = pl.col("score").sum().cast(pl.Int64)
    return weeks(placed, period).group_by("account_id", "end").agg(answered=answered)
