"""Detector `seasonal_baseline`: how far a bucket of a series lies from its own season and level."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from monitors.detectors._cells import cell, require_positive, rows_of, windows
from monitors.detectors._lags import Floats, Integers
from monitors.detectors._past import DAY, NEARLY, WEEK, Past, Plan
from monitors.errors import MonitorError

Statistic = Literal["sum", "mean", "count"]
Direction = Literal["up", "down", "both"]
View = tuple[Floats, Floats]  # residual and scale
TIERS = ("week", "day", "level", "recent")
GAIN = 0.5  # `recent` is a view of its own only where it halves the residuals
LEVEL_FLOOR, SPREAD_FLOOR, UNIT_FLOOR = 0.0005, 0.02, 0.7  # least scale: shares of the past
AGAIN, SHORTLY = 0.2, timedelta(hours=6)  # share of the highest distance that long ago
HABIT, DAYS, USUAL = 4, 14, 6.0  # what happens on so many of the last days is usual
WITHOUT_SCALE = 100.0  # score of any change after a past that was always 0
EVIDENCE = ("expected", "scale", "distance")
SCORED = {**dict.fromkeys(("score", *EVIDENCE), pl.Float64), "tier": pl.String}


def seasonal_baseline(
    series: pl.LazyFrame,
    *,
    bucket: timedelta,
    value: str | None = None,
    entity: str | None = None,
    time: str = "occurred_at",
    statistic: Statistic = "sum",
    direction: Direction = "both",
    missing: Literal["gap", "zero"] = "gap",
    until: datetime | None = None,
    zone: str = "UTC",
    weeks: int = 6,
    unit: float | None = None,
) -> pl.LazyFrame:
    """Distance of each bucket of a series from its own level and season, in robust deviations.

    One row per entity and bucket of length `bucket`, a part of a day that begins at a UTC multiple
    of itself; without `entity` the series is one, `series` = "all". A bucket's value is the
    `statistic` of its rows with a finite `value`; "count" needs none. Buckets without rows are
    absent, or with `missing="zero"` 0 from the entity's first bucket to its last or to `until`.

    Distance is (value - expected) / scale: as it is for "up", negated for "down", its size for
    "both". Score is the distance divided by whichever is more, and over 1: a fifth of the highest
    distance of the last six hours, as what goes on is no news, and a sixth of what was reached on
    four of the last 14 days, as that is the series' habit. So calm and bursty series compare.
    Expected is the level, a median of the day before (a week, for daily buckets), and the median
    of what the same time of week (tier "week"), or of day ("day"), in `zone`, added in three or
    more repeats, in numbers or in proportion, or neither ("level"): whatever was nearest so far.
    Where the last six buckets foretell the next twice as well, so does their drift ("recent"),
    and the larger score is given. Scale is the residuals' MAD at this time of day, more where
    their tail is heavy, at least 2 % of the swing, 0.05 % of the level and 0.7 `unit`: the step of
    the value, 1 for numbers of events (the default for "count"), else 0. A multiple of a series
    thus scores the same. Any change after nothing but zeros lies 100 away.

    Over 6 is unusual: 1 bucket in 17,000 of simulated normal, Poisson, growing and wandering
    series, 1 in 500 with very heavy tails. A level that stays is usual after half a day, a day
    where there is no season (a week for daily buckets, days for a random walk); a changed season
    after four repeats. Null for the first 36 hours (22 daily buckets), and where under a quarter
    of the level's buckets are there.
    Evidence: `value`, `expected`, `scale`, `distance`, `tier`.

    Overlap: buckets do not overlap, and only earlier ones are compared with. Zero history: null.
    Keys never seen: no row. Empty input: no rows. Rows sent twice count twice. Late rows move
    their bucket's score, and later ones a little. Exact from rows that reach 3 `weeks` + 6 weeks
    back, close from half of that. Misses: a value stuck within its usual range. False alarms: the
    return from an incident of over half a day. Source: medians and MAD after Hochenbaum, Vallis
    and Kejariwal, Automatic Anomaly Detection in the Cloud (2017), made causal.
    """
    require_positive(bucket=bucket, weeks=weeks)
    if DAY % bucket:
        raise MonitorError(f"'bucket' is {bucket}; give a length that divides a day.")
    if value is None and statistic != "count":
        raise MonitorError(f"The {statistic} needs a 'value'; name its column, or count.")
    least_unit = float(statistic == "count") if unit is None else unit
    plan = Plan(bucket, weeks, zone)
    named = series if entity else series.with_columns(series=pl.lit("all"))
    name = entity or "series"
    rows = rows_of(named, entity=name, time=time, value=value)
    if value is not None:
        number = pl.col("value").cast(pl.Float64)
        rows = rows.with_columns(number).filter(number.is_finite())
    cells = _cells(rows, bucket, statistic)
    if missing == "zero":
        cells = _with_zeros(cells, bucket, until)
    empty = cells.with_columns(pl.lit(None, dtype).alias(c) for c, dtype in SCORED.items())
    scored = empty.map_batches(
        lambda buckets: _scored(buckets, plan, direction, least_unit),
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )
    return windows(scored, entity=name, grid=bucket)


def _cells(rows: pl.LazyFrame, bucket: timedelta, statistic: Statistic) -> pl.LazyFrame:
    """One row per entity and bucket that has a value."""
    values = pl.col("value")
    how = {"sum": values.sum(), "mean": values.mean(), "count": pl.len()}
    return rows.group_by("entity", cell(bucket)).agg(value=how[statistic].cast(pl.Float64))


def _with_zeros(cells: pl.LazyFrame, bucket: timedelta, until: datetime | None) -> pl.LazyFrame:
    """Fill with 0.0 from an entity's first bucket to its last, or to the one that ends `until`."""
    last = pl.col("cell").max()
    if until is not None:
        last = pl.max_horizontal(last, pl.lit(until - bucket, pl.Datetime("us", "UTC")))
    spans = cells.group_by("entity").agg(first=pl.col("cell").min(), last=last)
    grid = spans.select("entity", cell=pl.datetime_ranges("first", "last", bucket))
    filled = grid.explode("cell").join(cells, on=["entity", "cell"], how="left")
    return filled.with_columns(pl.col("value").fill_null(0.0))


def _scored(buckets: pl.DataFrame, plan: Plan, direction: Direction, unit: float) -> pl.DataFrame:
    """Fill score, expected, scale and tier."""
    if buckets.is_empty():
        return buckets
    past = Past(buckets.sort("entity", "cell"), plan)
    value = past.buckets["value"].to_numpy()
    level = past.level(value)
    off = value - level
    # A steady trend keeps the level behind by a constant, which the last takes out.
    rests = [*_seasonal(past, value, level), _rest(off, past.level(off), level)]
    spreads = [past.spread(rest) for rest in rests]
    tier = _nearest(spreads)
    rest, spread = _pick(rests, tier), _pick(spreads, tier)
    floor = np.fmax(LEVEL_FLOOR * np.abs(level), SPREAD_FLOOR * spreads[-1])
    floor = np.fmax(floor, UNIT_FLOOR * unit)
    if (spread == 0).any():
        # Rare events: three quarters of the residuals are 0, so only their extremes have a size.
        rare = (spread == 0) & (past.spread(value, 0.5) == 0)
        spread = np.where(rare, past.spread(rest, 0.995), spread)
    views = [(rest, past.scale(rest, spread, floor))]
    drift = past.rolled(rest, 0.5, 6 * plan.bucket, 3)
    after = _rest(rest, drift, level)
    follow = past.spread(after)
    # Not before the day's season is known, whose edges would all be sudden.
    seasoned = np.isfinite(spreads[0 if plan.day == 1 else 1])
    closer = seasoned & (follow > 0) & (follow < GAIN * NEARLY * spread)
    if closer.any():
        near = np.where(closer, follow, np.nan)
        views.append((after, past.scale(after, near, floor)))
    return _filled(past, value, tier, views, direction)


def _seasonal(past: Past, value: Floats, level: Floats) -> list[Floats]:
    """What the time of week, and the time of day, leave of each value."""
    plan = past.plan
    side = min(2, timedelta(minutes=10) // plan.bucket)
    touched = 2 * (2 * side + 1) + 1  # so many samples come from three repeats at least
    weeks = plan.lags(7 * plan.day, plan.weeks, side)
    days = plan.lags(plan.day, 7, side) if plan.day > 1 else []
    # A whole week's level, so that what is taken from it has the week in it.
    base = past.rolled(value, 0.5, WEEK, max(4, 7 * plan.day // 4))
    week = past.axis.median(value - base, weeks, touched)
    # A swing may stay when the level moves, or grow with it; either explains a value.
    share = np.divide(value, base, out=np.full_like(value, np.nan), where=base > 0)
    grown = (past.axis.median(share, weeks, touched) - 1) * np.where(base > 0, base, np.nan)
    day = past.axis.median(value - level, days, touched)
    # The level of what is left is known far better than that of a swing.
    fixed, scaled, daily = (
        _rest(value - season, past.level(value - season), level) for season in (week, grown, day)
    )
    return [np.where(np.abs(scaled) < np.abs(fixed) * NEARLY, scaled, fixed), daily]


def _rest(off: Floats, season: Floats, level: Floats) -> Floats:
    """What the season leaves, where that is more than rounding."""
    rest = off - season
    size = np.abs(off) + np.abs(season) + np.abs(level)
    return np.where(np.abs(rest) > (1 - NEARLY) * size, rest, 0 * rest)


def _nearest(spreads: list[Floats]) -> Integers:
    """Tier that was nearest so far: a series without a season is better off without one."""
    least, tier = spreads[0], np.zeros(len(spreads[0]), np.int64)
    for i, spread in enumerate(spreads[1:], start=1):
        nearer = (spread < least * NEARLY) | (np.isnan(least) & np.isfinite(spread))
        least, tier = np.where(nearer, spread, least), np.where(nearer, i, tier)
    return np.where(np.isnan(least), len(spreads) - 1, tier)


def _filled(
    past: Past, value: Floats, tier: Integers, views: list[View], direction: Direction
) -> pl.DataFrame:
    """Buckets with the score of the view in which they lie farthest, and its evidence."""
    scores = [_score(rest, scale, direction) for rest, scale in views]
    best = np.argmax(np.where(np.isnan(scores), -np.inf, scores), axis=0)
    distance = _pick(scores, best)
    usual = past.usual(distance, HABIT, DAYS) / USUAL
    score = distance / np.fmax(np.fmax(AGAIN * past.highest(distance, SHORTLY), usual), 1.0)
    evidence = {
        "score": score,
        "distance": distance,
        "expected": value - _pick([rest for rest, _ in views], best),
        "scale": _pick([scale for _, scale in views], best),
    }
    told = pl.Series(np.isfinite(score))
    names = pl.Series(np.array(TIERS)[np.where(best == 1, len(TIERS) - 1, tier)])
    return past.buckets.with_columns(
        *(pl.when(told).then(pl.Series(values)).alias(c) for c, values in evidence.items()),
        pl.when(told).then(names).alias("tier"),
    )


def _score(rest: Floats, scale: Floats, direction: Direction) -> Floats:
    """Distance in units of scale, in the direction asked for."""
    toward = {"up": rest, "down": -rest, "both": np.abs(rest)}[direction]
    unscaled = WITHOUT_SCALE * np.sign(toward) + 0 * scale
    score: Floats = np.divide(toward, scale, out=unscaled, where=scale > 0)
    return score


def _pick(columns: Sequence[npt.NDArray[Any]], which: Integers) -> npt.NDArray[Any]:
    """Value of each row in the column that `which` names for it."""
    picked: npt.NDArray[Any] = np.take_along_axis(np.stack(columns), which[None], axis=0)[0]
    return picked
