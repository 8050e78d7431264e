"""Detector `seasonal_baseline`: how far a bucket of a series lies from its own season and level."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from monitors.detectors._cells import cell, require_positive, rows_of, windows
from monitors.detectors._lags import Axis, Floats, Integers
from monitors.errors import MonitorError

Statistic = Literal["sum", "mean", "count"]
Direction = Literal["up", "down", "both"]
View = tuple[Floats, Floats]  # residual and scale
DAY, WEEK = timedelta(days=1), timedelta(days=7)
TIERS = ("week", "day", "level", "recent")
TO_SIGMA = {0.5: 0.6745, 0.75: 1.1503, 0.9: 1.6449, 0.98: 2.3263, 0.995: 2.8070}  # of |N(0, 1)|
CLIP = 8.0  # a past anomaly counts as no more than this
INCIDENT = 6.0  # what follows a residual so many times its scale at once counts with it
GAIN = 0.5  # `recent` is a view of its own only where it halves the residuals
LEVEL_FLOOR, SPREAD_FLOOR, UNIT_FLOOR = 0.0005, 0.02, 0.7  # least scale: shares of the past
NEARLY = 1 - 1e-9  # a tie must not be decided by rounding, or a multiple scores otherwise
WITHOUT_SCALE = 100.0  # score of any change after a past that was always 0
SCORED = {"score": pl.Float64, "expected": pl.Float64, "scale": pl.Float64, "tier": pl.String}


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

    Score is (value - expected) / scale: as it is for "up", negated for "down", its size for "both".
    Level is the median of the day before (a week, for daily buckets). Expected is level and the
    median of what the same time of week (tier "week"), or of day ("day"), in `zone` added to the
    level then, in three or more repeats, or neither ("level"): what was nearest in the past. Where
    the last six buckets foretell the next twice as well, their drift counts too ("recent"), and the
    larger score is given. Scale is the residuals' MAD at this time of day, more where their tail
    is heavy, at least 2 % of the swing, 0.05 % of the level and 0.7 `unit`: the step of the value,
    1 for numbers of events (the default for "count"), else 0. No other size is taken for granted:
    a multiple of a series scores the same. A change after nothing but zeros scores 100.

    Over 6 is unusual: 1 bucket in 15,000 of simulated normal, Poisson, growing and wandering
    series, 1 in 500 with very heavy tails. A level that stays is usual after half a day (four days
    for daily buckets), a changed season after three or four repeats. Null before a quarter of a
    level, then a day (14 daily buckets) of residuals, and where holes leave less than that.
    Evidence: `value`, `expected`, `scale`, `tier`.

    Overlap: buckets do not overlap, and only earlier ones are compared with. Zero history: null.
    Keys never seen: no row. Empty input: no rows. Rows sent twice count twice. Late rows move
    their bucket's score, and later ones a little. Exact from rows that reach 2 `weeks` + 3 weeks
    back. Misses: a value stuck within its usual range. Source: medians and MAD after Hochenbaum,
    Vallis and Kejariwal, Automatic Anomaly Detection in the Cloud (2017), made causal.
    """
    require_positive(bucket=bucket, weeks=weeks)
    if DAY % bucket:
        raise MonitorError(f"'bucket' is {bucket}; give a length that divides a day.")
    if value is None and statistic != "count":
        raise MonitorError(f"The {statistic} needs a 'value'; name its column, or count.")
    least_unit = float(statistic == "count") if unit is None else unit
    plan = _Plan(bucket, weeks, zone, direction, least_unit)
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
        lambda buckets: _scored(buckets, plan),
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
    )
    return windows(scored, entity=name, grid=bucket)


@dataclass(frozen=True)
class _Plan:
    """What the caller asked for, and the lengths that follow from it."""

    bucket: timedelta
    weeks: int
    zone: str
    direction: Direction
    unit: float

    @property
    def day(self) -> int:
        """Buckets in a day."""
        return DAY // self.bucket

    @property
    def level(self) -> timedelta:
        """Span whose median is the level: a whole season, so that it holds none of it."""
        return WEEK if self.day == 1 else DAY

    def lags(self, period: int, repeats: int, side: int) -> list[int]:
        """Same phase in each of the last periods, with neighbours on either side."""
        beside = range(-side, side + 1)
        return [period * k + j for k in range(1, repeats + 1) for j in beside]


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


def _scored(buckets: pl.DataFrame, plan: _Plan) -> pl.DataFrame:
    """Fill score, expected, scale and tier."""
    if buckets.is_empty():
        return buckets
    past = _Past(buckets.sort("entity", "cell"), plan)
    value = past.buckets["value"].to_numpy()
    level = past.level(value)
    off = value - level
    seasons = _seasons(past, off, level)
    rests = [_rest(off, season, level) for season in seasons]
    spreads = [past.spread(rest) for rest in rests]
    tier = _nearest(spreads)
    rest, spread = _pick(rests, tier), _pick(spreads, tier)
    floor = np.fmax(LEVEL_FLOOR * np.abs(level), SPREAD_FLOOR * spreads[-1])
    floor = np.fmax(floor, UNIT_FLOOR * plan.unit)
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
    return _filled(past.buckets, value, tier, views, plan.direction)


def _seasons(past: "_Past", off: Floats, level: Floats) -> list[Floats]:
    """What the time of week, the time of day, and neither, add to the level."""
    plan = past.plan
    side = min(2, timedelta(minutes=10) // plan.bucket)
    touched = 2 * (2 * side + 1) + 1  # so many samples come from three repeats at least
    weeks = plan.lags(7 * plan.day, plan.weeks, side)
    days = plan.lags(plan.day, 7, side) if plan.day > 1 else []
    week = past.axis.median(off, weeks, touched)
    # A swing may stay when the level moves, or grow with it; either explains a value.
    share = np.divide(off, level, out=np.full_like(off, np.nan), where=level > 0)
    grown = past.axis.median(share, weeks, touched) * np.where(level > 0, level, np.nan)
    week = np.where(np.abs(off - grown) < np.abs(off - week) * NEARLY, grown, week)
    # A steady trend keeps the level behind by a constant, which the third takes out.
    return [week, past.axis.median(off, days, touched), past.level(off)]


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
    return tier


def _filled(
    buckets: pl.DataFrame, value: Floats, tier: Integers, views: list[View], direction: Direction
) -> pl.DataFrame:
    """Buckets with the score of the view in which they lie farthest, and its evidence."""
    scores = [_score(rest, scale, direction) for rest, scale in views]
    best = np.argmax(np.where(np.isnan(scores), -np.inf, scores), axis=0)
    score = _pick(scores, best)
    evidence = {
        "score": score,
        "expected": value - _pick([rest for rest, _ in views], best),
        "scale": _pick([scale for _, scale in views], best),
    }
    told = pl.Series(np.isfinite(score))
    names = pl.Series(np.array(TIERS)[np.where(best == 1, len(TIERS) - 1, tier)])
    return buckets.with_columns(
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


class _Past:
    """Statistics of what came before each bucket."""

    def __init__(self, buckets: pl.DataFrame, plan: _Plan) -> None:
        self.buckets, self.plan = buckets, plan
        local = buckets["cell"].dt.convert_time_zone(plan.zone).dt.replace_time_zone(None)
        index = local.dt.timestamp("us").to_numpy() // (plan.bucket // timedelta(microseconds=1))
        apart = int(np.ptp(index)) + 7 * plan.day * (plan.weeks + 3)
        codes = buckets["entity"].rle_id().cast(pl.Int64).to_numpy()
        places = codes * apart + index - index.min()
        self.axis = Axis(places, codes)

    def rolled(self, values: Floats, quantile: float, span: timedelta, least: int) -> Floats:
        """Quantile of an entity's values in the span before each bucket."""
        before = pl.col("x").rolling_quantile_by(
            "cell",
            span,
            quantile=quantile,
            interpolation="linear",
            closed="left",
            min_samples=least,
        )
        column = pl.Series("x", values).fill_nan(None)
        rolled = self.buckets.with_columns(column).select(before.over("entity")).to_series()
        return rolled.fill_null(np.nan).to_numpy()

    def level(self, values: Floats) -> Floats:
        """Median over the season before, of which a quarter must be there."""
        span = self.plan.level
        return self.rolled(values, 0.5, span, max(4, span // self.plan.bucket // 4))

    def spread(self, rest: Floats, quantile: float = 0.75) -> Floats:
        """Standard deviation of past residuals at any phase, as a quantile of a normal one."""
        least = max(14, self.plan.day)
        sizes = self.rolled(np.abs(rest), quantile, self.plan.weeks * WEEK, least)
        return sizes / TO_SIGMA[quantile]

    def scale(self, rest: Floats, spread: Floats, floor: Floats) -> Floats:
        """Standard deviation that a residual is compared with.

        The residuals' MAD near the same time of day, where some phases are noisier than others,
        stretched where their tail is heavier than a normal one.
        """
        plan, size = self.plan, np.abs(rest)
        lags = plan.lags(plan.day, 14, 1) if plan.day > 1 else []
        near = self.axis.median(size, lags, 14) / TO_SIGMA[0.5]
        body = np.fmax(np.where(near > 0, np.fmax(near, spread / 2), spread), floor)
        body[np.isnan(spread)] = np.nan
        ratio = np.divide(size, body, out=np.full_like(size, np.nan), where=body > 0)
        ratio[1:][ratio[:-1] * NEARLY > INCIDENT] = np.nan
        stretch = self.spread(np.minimum(ratio, CLIP), 0.9 if plan.day == 1 else 0.98)
        return body * np.fmax(stretch, 1.0)
