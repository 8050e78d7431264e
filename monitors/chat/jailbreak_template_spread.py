"""Monitor `chat/jailbreak_template_spread`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.chat._attempts import ATTEMPT
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WINDOW = timedelta(days=28)
SCORED: dict[str, object] = {"score_jailbreak": 1.0}
COLLECTION = 6  # shared texts that make an account one of those who pass collections on
BY_TEMPLATE = Activity("prompts", by=("text_hash", "account_id"), where=ATTEMPT)
CANARY = tuple(
    Rows(
        "prompts",
        n=6,
        at=timedelta(days=number - COLLECTION),
        every=timedelta(hours=1),
        values={"account_id": "canary-{i}", "text_hash": f"canary-{number}", **SCORED},
    )
    for number in range(COLLECTION + 1)
)


@monitor(
    product="chat",
    harm=Harm.JAILBREAK,
    entity="text_hash",
    version=2,
    authors=("asato",),
    owner="chat-safety",
    threshold=5,
    near=4,
    window=WINDOW,
    cadence="daily",
    severity=Severity.S2,
    action="block_template",
    runbook="docs/runbooks/jailbreak_template_spread.md",
    canary=CANARY,
    activity=(BY_TEMPLATE,),
)
def jailbreak_template_spread(prompts_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """One jailbreak text goes round accounts that share a whole collection of them.

    Counts the accounts, or communities where the log has those, that sent the same normalised
    text in the 28 days up to the end of a day on which it was sent again, and in these days five
    other texts or more that somebody else sent too.

    Threshold: A text that becomes known is sent by dozens of curious people, and hardly any of
    them shares a second: in two simulated worlds no text has more than 3 such accounts among the
    honest, and those of a loud campaign up to 9. Of the 647 distinct texts that people posted
    from December 2022 to May 2023, 12 were posted in two places within 28 days, none in three.

    Misses: Texts with one word changed, for the hash is exact after normalisation (see
    jailbreak_variants); texts that the jailbreak classifier scores under 0.5, or does not score
    and that are short; and spread slower than 28 days.

    False alarms: Safety researchers and red teams who replay a public list, courses, one person
    with several accounts, and, while no classifier scores prompts, long texts in common use.
    """
    text, account = pl.col("text_hash"), pl.col("account_id")
    day, start, end = pl.col("hour"), pl.col("start"), pl.col("end")
    seen = (
        prompts_activity.filter(text.is_not_null(), account.is_not_null())
        .join(period, how="cross")
        .filter(day >= end - WINDOW, day < end)
        .group_by("text_hash", "account_id", "start", "end")
        .agg(pl.col("events").sum(), first_hour=day.min(), today=(day >= start).any())
        .with_columns(senders=pl.len().over("text_hash", "end"))
    )
    shared = (pl.col("senders") > 1).sum().over("account_id", "end")
    return (
        seen.with_columns(carrier=shared >= COLLECTION)
        .group_by("text_hash", "start", "end")
        .agg(
            score=pl.col("carrier").sum().cast(pl.Float64),
            accounts=pl.len(),
            prompts=pl.col("events").sum(),
            first_hour=pl.col("first_hour").min(),
            today=pl.col("today").any(),
        )
        .filter("today")
        .select(
            "text_hash",
            "score",
            window_start=end - WINDOW,
            window_end=end,
            accounts="accounts",
            prompts="prompts",
            first_hour="first_hour",
        )
    )
