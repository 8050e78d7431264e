"""m6: one text from at least thirty accounts in a clock hour."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.packed import repeated

HOUR = timedelta(hours=1)


@monitor(
    product="platform",
    harm=Harm.SPAM,
    entity="text_hash",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=30,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S2,
    action="review_accounts",
    runbook="docs/benchmarks/week.md",
    canary=tuple(Rows("actions", 1, values={"account_id": i, "text_hash": 1}) for i in range(30)),
)
def repeated_texts(actions: pl.LazyFrame) -> pl.LazyFrame:
    """Count the accounts that send the same text in a clock hour.

    Misses: texts that vary. False alarms: greetings.
    """
    texts = (
        actions.filter(pl.col("text_hash").is_not_null())
        .select("text_hash", "account_id", window_start=pl.col("occurred_at").dt.truncate("1h"))
        .collect(engine="streaming")
        .lazy()
    )
    again = repeated(texts, "text_hash")
    common = pl.col("text_hash").is_in(again.implode())
    hours = texts.filter(common).group_by("text_hash", "window_start")
    scores = pl.concat(
        [
            hours.agg(score=pl.col("account_id").n_unique()),
            texts.filter(~common).select("text_hash", "window_start", score=pl.lit(1, pl.UInt32)),
        ]
    )
    return scores.with_columns(window_end=pl.col("window_start") + HOUR)
