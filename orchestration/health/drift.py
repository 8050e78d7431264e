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
NEAR_HOURS = (0, 1)  # seasonality: the same hour of day, and its neighbours if that is too little


@dataclass(frozen=True, slots=True)
class Drift:
    """What the history says of one partition. `expected` is null with insufficient data."""

    state: State
    hits: int
    scored: int
    expected: float | None
    periods: int


@dataclass(frozen=True, slots=True)
class _Past:
    """Like partitions: how many, and their hits and scores, the older the lighter."""

    periods: int
    hits: float
    scored: float


def drift(history: pl.DataFrame, *, partition: datetime, hits: int, scored: int) -> Drift:
    """Compare a partition's hits with those of like partitions of the last 28 days.

    `history`: one row per earlier partition with `partition`, `flagged`, `scored` and `every`
    ("1h" or "1d"). Partitions that alarmed themselves (`drift` up or down) are left out, so that
    an anomaly is not soon learnt as normal.
    """
    past = _past(history, partition)
    if past.periods < MIN_PERIODS or past.scored < MIN_SCORED or scored == 0:
        return Drift("insufficient data", hits, scored, None, past.periods)
    a, b = past.hits + 0.5, past.scored - past.hits + 0.5
    expected = scored * a / (a + b)
    history_says = betabinom(scored, a, b)
    off = abs(hits - expected) >= max(FLOOR * expected, MIN_HITS_OFF)
    state: State = "steady"
    if off and hits > expected and history_says.sf(hits - 1) < TAIL:
        state = "up"
    elif off and hits < expected and history_says.cdf(hits) < TAIL:
        state = "down"
    return Drift(state, hits, scored, float(expected), past.periods)


def _past(history: pl.DataFrame, partition: datetime) -> _Past:
    """The hour of day itself where that is enough, for rates may jump from one hour to the next."""
    found = _Past(0, 0.0, 0.0)
    for near in NEAR_HOURS:
        like = _like(history, partition, near)
        age = (pl.lit(partition) - pl.col("partition")).dt.total_hours() / 24
        hits, scored = like.select(
            hits=(pl.col("flagged") * pl.lit(DECAY).pow(age)).sum(),
            scored=(pl.col("scored") * pl.lit(DECAY).pow(age)).sum(),
        ).row(0)
        found = _Past(like.height, hits, scored)
        if found.periods >= MIN_PERIODS and scored >= MIN_SCORED:
            break
    return found


def _like(history: pl.DataFrame, partition: datetime, near: int) -> pl.DataFrame:
    apart = (pl.col("partition").dt.hour().cast(pl.Int64) - partition.hour).abs()
    alike = (pl.col("every") == "1d") | (apart <= near) | (apart >= 24 - near)
    steady = ~pl.col("drift").is_in(["up", "down"]).fill_null(value=False)
    recent = pl.col("partition") >= partition - timedelta(days=DAYS)
    told = pl.col("scored") > 0  # a failed evaluation, or an hour without events, tells no rate
    return history.filter(pl.col("partition") < partition, recent, alike, steady, told)
