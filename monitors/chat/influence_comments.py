"""Monitor `chat/influence_comments`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.chat._weeks import BEFORE, WEEK, weeks
from monitors.contract import Severity, monitor
from monitors.harms import Harm

PROMPTS = 20
USED = 6  # fewer prompts than accounts are wanted: most templates of a day
NEW = 0.9  # share of texts that are different
LIKELY, OTHER = 0.5, 0.3  # above it the template is of another harm, which has its own monitor
MEMBERS = 100
CANARY = tuple(
    Rows(
        "prompts",
        n=1,
        at=timedelta(minutes=number),
        values={
            "account_id": f"canary-{number % 12}",
            "template_hash": "canary",
            "text_hash": f"canary-{number}-{{i}}",
            "score_jailbreak": 0.01,
        },
    )
    for number in range(60)
)


@monitor(
    product="chat",
    harm=Harm.INFLUENCE_OPERATIONS,
    entity="template_hash",
    version=1,
    authors=("mlang", "ndiaz"),
    owner="chat-safety",
    threshold=6,
    near=5,
    window=BEFORE,
    cadence="daily",
    severity=Severity.S1,
    action="review",
    runbook="docs/runbooks/influence_comments.md",
    canary=CANARY,
)
def influence_comments(prompts: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Many accounts order texts by one template, and never the same text twice.

    Accounts that sent prompts of a template in the 7 days up to the end of a day on which one was
    sent; 0 where a tenth of the texts or more repeat another, as with prompts that go round, or
    where other classifiers find three in ten likely. Null under 20 prompts; no row for a template
    used fewer than six times. `members` are up to a hundred accounts.

    Threshold: In four weeks of two simulated worlds honest templates with 20 prompts and new texts
    have 3 people (an agency), and those of a viral prompt or a class repeat most texts. The
    campaigns' templates have 10 to 100.

    Misses: Rings of fewer than six accounts, prompts without a template, and orders so varied
    that no template is found.

    False alarms: Agencies and support desks with six people and one template, and the template
    of an app that fills in a form for its users: ask what fills in the template.
    """
    likely = pl.max_horizontal(pl.col("^score_.*$")) >= LIKELY
    sent = prompts.filter(pl.col("account_id").is_not_null(), pl.col("text_hash").is_not_null())
    used = sent.group_by("template_hash").agg(n=pl.len()).filter(pl.col("n") >= USED)
    again = sent.join(used, on="template_hash", how="semi").select(
        "account_id", "template_hash", "text_hash", "occurred_at", likely=likely
    )
    templates = (
        weeks(again, period)
        .group_by("template_hash", "end")
        .agg(
            prompts=pl.len(),
            texts=pl.col("text_hash").n_unique(),
            accounts=pl.col("account_id").n_unique(),
            other=pl.col("likely").mean().fill_null(0.0),
            members=pl.col("account_id").unique().sort().head(MEMBERS),
            first_at=pl.col("occurred_at").min(),
            today=pl.col("today").any(),
        )
        .filter("today", pl.col("prompts") >= USED)
    )
    ordered = (pl.col("texts") > NEW * pl.col("prompts")) & (pl.col("other") < OTHER)
    score = pl.when(ordered).then("accounts").otherwise(0)
    return templates.select(
        "template_hash",
        score=pl.when(pl.col("prompts") >= PROMPTS).then(score).cast(pl.Float64),
        window_start=pl.col("end") - WEEK,
        window_end="end",
        prompts="prompts",
        texts="texts",
        accounts="accounts",
        members="members",
        first_at="first_at",
    )
