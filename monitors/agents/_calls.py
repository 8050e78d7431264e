"""What the monitors of agents take for a leak, for a break-in, and for a target nobody knew."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline

RECENT = timedelta(days=7)  # so long a target counts as new, for a campaign lasts days
LEARNING = timedelta(days=10)  # so long a product is watched before anything can be new

_outside = pl.col("target_is_external").fill_null(value=False)
_tainted = pl.col("source_is_untrusted").fill_null(value=False)
_approved = pl.col("approved_by_human").fill_null(value=False)

PRIVATE_READ = ((pl.col("action") == "read") & ~_outside & _tainted).fill_null(value=False)
LEAK = (pl.col("action").is_in(["send", "browse"]) & _outside & _tainted & ~_approved).fill_null(
    value=False
)
SEND = LEAK & (pl.col("action") == "send").fill_null(value=False)
BREAK_IN = ((pl.col("action") == "execute") & _outside & ~_approved).fill_null(value=False)

KNOWN = Baseline(Activity("tool_calls", by=("target",), where=_outside), days=28)


def to_new_targets(calls: pl.LazyFrame, known: pl.LazyFrame, *, time: str) -> pl.LazyFrame:
    """Keep the calls to targets outside that no account had called a week before the day.

    Adds `learned`: whether the product was watched for ten days before, so that new means
    something; a score without that is null.
    """
    day = pl.col(time).dt.truncate("1d")
    seen = known.select("target", "first_seen")
    began = known.select(began=pl.col("first_seen").min())
    return (
        calls.join(seen, on="target", how="left")
        .filter(pl.col("first_seen").is_null() | (pl.col("first_seen") > day - RECENT))
        .join(began, how="cross")
        .with_columns(learned=(pl.col("began") <= day - LEARNING).fill_null(value=False))
    )
