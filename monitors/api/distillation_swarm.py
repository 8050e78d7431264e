"""Monitor `api/distillation_swarm`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WINDOW = timedelta(days=7)
LONG = 1_500  # tokens of an answer; most applications ask for a third of it
MEMBERS = 100
ANSWERED = pl.col("template_hash").is_not_null() & pl.col("tokens_out").is_not_null()
BY_TEMPLATE = Activity(
    "api_requests",
    by=("template_hash", "key_id"),
    sums={"answer_tokens": pl.col("tokens_out").sum()},
    where=ANSWERED,
)
CANARY = Rows(
    "api_requests",
    n=14,
    at=timedelta(days=-6),
    every=timedelta(hours=12),
    values={"key_id": "canary-{i}", "template_hash": "canary", "tokens_out": 4_000},
)


@monitor(
    product="api",
    harm=Harm.MODEL_EXTRACTION,
    entity="template_hash",
    version=1,
    authors=("asato", "rkhan"),
    owner="api-integrity",
    threshold=8,
    near=5,
    window=WINDOW,
    cadence="daily",
    severity=Severity.S1,
    action="throttle_template",
    runbook="docs/runbooks/distillation_swarm.md",
    canary=(CANARY,),
    activity=(BY_TEMPLATE,),
)
def distillation_swarm(api_requests_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Many keys, each at low volume, draw long answers through one template: a model is copied.

    Counts the keys that used a template in the 7 days up to the end of a day on which it was used
    again; 0 where its answers have under 1,500 tokens on average. Evidence names the first hundred
    `members`.

    Threshold: On 14 days of two development worlds no honest template with long answers has more
    than 2 keys, and those that 150 keys share answer with 400 to 600 tokens. Swarms have 63 to 79
    keys on a template where loud, 44 to 59 where slow and 26 to 30 where evasive.

    Misses: Swarms that give every key a template of its own, that ask for short answers, or whose
    log has no templates; and swarms of under eight keys.

    False alarms: A framework's stock prompt for long texts that many customers use, and a course
    whose students all send the same exercise.
    """
    hour, start, end = pl.col("hour"), pl.col("start"), pl.col("end")
    seen = (
        api_requests_activity.filter(
            pl.col("template_hash").is_not_null(), pl.col("key_id").is_not_null()
        )
        .join(period, how="cross")
        .filter(hour >= end - WINDOW, hour < end)
    )
    requests, tokens = pl.col("events").sum(), pl.col("answer_tokens").sum()
    keys = pl.col("key_id").n_unique().cast(pl.Float64)
    return (
        seen.group_by("template_hash", "start", "end")
        .agg(
            score=pl.when(tokens >= LONG * requests).then(keys).otherwise(0.0),
            requests=requests,
            tokens_an_answer=(tokens / requests).round(),
            members=pl.col("key_id").unique().sort().head(MEMBERS),
            today=(hour >= start).any(),
        )
        .filter("today")
        .select(
            "template_hash",
            "score",
            window_start=end - WINDOW,
            window_end=end,
            requests="requests",
            tokens_an_answer="tokens_an_answer",
            members="members",
        )
    )
