"""Has a monitor's hit rate left its own history? Up means noise or an attack, down a blind monitor.

Like the pass-rate alarm of Roost's Coop, with three changes: it looks both ways, it compares like
hours with like, and it knows the uncertainty of the history (a beta-binomial tail, not a binomial).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import polars as pl
from scipy.stats import betabinom

State = Literal["insufficient data", "steady", "up", "down"]
DECAY = 0.98  # weight per day of age: a month-old day counts half
DAYS = 28
MIN_PERIODS = 14
MIN_SCORED = 500
TAIL = 0.0025  # each side: the alarm's confidence is 0.995
FLOOR = 0.25  # a change under a quarter is no alarm, however sure
MIN_HITS_OFF = 3  # nor is one of fewer than three findings
NEAR_HOURS = 1  # seasonality: hours of day at most this far apart are alike


@dataclass(frozen=True, slots=True)
class Drift:
    """What the history says of one partition. `expected` is null with insufficient data."""

    state: State
    hits: int
    scored: int
    expected: float | None
    periods: int


def drift(history: pl.DataFrame, *, partition: datetime, hits: int, scored: int) -> Drift:
    """Compare a partition's hits with those of like partitions of the last 28 days.

    `history`: one row per earlier partition with `partition`, `flagged`, `scored` and `every`
    ("1h" or "1d"). Partitions that alarmed themselves (`drift` up or down) are left out, so that
    an anomaly is not soon learnt as normal.
    """
    like = _like(history, partition)
    weight = pl.lit(DECAY).pow((pl.lit(partition) - pl.col("partition")).dt.total_hours() / 24)
    sums = like.select(
        hits=(pl.col("flagged") * weight).sum(),
        scored=(pl.col("scored") * weight).sum(),
    )
    past_hits, past_scored = sums.row(0)
    if like.height < MIN_PERIODS or past_scored < MIN_SCORED or scored == 0:
        return Drift("insufficient data", hits, scored, None, like.height)
    a, b = past_hits + 0.5, past_scored - past_hits + 0.5
    expected = scored * a / (a + b)
    history_says = betabinom(scored, a, b)
    off = abs(hits - expected) >= max(FLOOR * expected, MIN_HITS_OFF)
    state: State = "steady"
    if off and hits > expected and history_says.sf(hits - 1) < TAIL:
        state = "up"
    elif off and hits < expected and history_says.cdf(hits) < TAIL:
        state = "down"
    return Drift(state, hits, scored, float(expected), like.height)


def _like(history: pl.DataFrame, partition: datetime) -> pl.DataFrame:
    apart = (pl.col("partition").dt.hour().cast(pl.Int64) - partition.hour).abs()
    alike = (pl.col("every") == "1d") | (apart <= NEAR_HOURS) | (apart >= 24 - NEAR_HOURS)
    steady = ~pl.col("drift").is_in(["up", "down"]).fill_null(value=False)
    recent = pl.col("partition") >= partition - timedelta(days=DAYS)
    return history.filter(pl.col("partition") < partition, recent, alike, steady)
