"""What came before each bucket of a series: levels, spreads and seasons, for detectors.

Everything at a bucket rests on the buckets before it alone.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from monitors.detectors._lags import Axis, Floats

DAY, WEEK = timedelta(days=1), timedelta(days=7)
TO_SIGMA = {0.5: 0.6745, 0.75: 1.1503, 0.9: 1.6449, 0.98: 2.3263, 0.995: 2.8070}  # of |N(0, 1)|
CLIP = 8.0  # a past anomaly counts as no more than this
INCIDENT = 6.0  # what follows a residual so many times its scale at once counts with it
NEARLY = 1 - 1e-9  # a tie must not be decided by rounding, or a multiple scores otherwise


@dataclass(frozen=True)
class Plan:
    """Lengths that follow from the bucket, the look-back in weeks, and the zone."""

    bucket: timedelta
    weeks: int
    zone: str

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


class Past:
    """Statistics of what came before each bucket."""

    def __init__(self, buckets: pl.DataFrame, plan: Plan) -> None:
        self.buckets, self.plan = buckets, plan
        local = buckets["cell"].dt.convert_time_zone(plan.zone).dt.replace_time_zone(None)
        index = local.dt.timestamp("us").to_numpy() // (plan.bucket // timedelta(microseconds=1))
        apart = int(np.ptp(index)) + 7 * plan.day * (plan.weeks + 3)
        codes = buckets["entity"].rle_id().cast(pl.Int64).to_numpy()
        places = codes * apart + index - index.min()
        # Weeks of minutes hold enough when every fifth is taken, and no hole has that rhythm
        # where a quarter of the buckets is there.
        self.thin = 5 if plan.bucket <= timedelta(minutes=1) else 1
        self.sampled = index % self.thin == 0
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

    def highest(self, values: Floats, span: timedelta) -> Floats:
        """Highest of an entity's values in the span before each bucket; 0 where there is none."""
        before = pl.col("x").rolling_max_by("cell", span, closed="left")
        column = pl.Series("x", values).fill_nan(None)
        rolled = self.buckets.with_columns(column).select(before.over("entity")).to_series()
        return rolled.fill_null(0.0).to_numpy()

    def usual(self, values: Floats, rank: int, days: int) -> Floats:
        """What an entity reached on `rank` of the last days at least; 0 where there are fewer."""
        lags = [self.plan.day * k for k in range(days)]
        return self.axis.largest(self.highest(values, DAY), lags, rank)

    def level(self, values: Floats) -> Floats:
        """Median over the season before, of which a quarter must be there."""
        span = self.plan.level
        return self.rolled(values, 0.5, span, max(4, span // self.plan.bucket // 4))

    def spread(self, rest: Floats, quantile: float = 0.75) -> Floats:
        """Standard deviation of past residuals at any phase, as a quantile of a normal one."""
        least = max(14, self.plan.day // self.thin)
        samples = np.where(self.sampled, np.abs(rest), np.nan)
        sizes = self.rolled(samples, quantile, self.plan.weeks * WEEK, least)
        return sizes / TO_SIGMA[quantile]

    def scale(self, rest: Floats, spread: Floats, floor: Floats) -> Floats:
        """Standard deviation that a residual is compared with.

        The residuals' MAD near the same time of day, where some phases are noisier than others,
        stretched where their tail is heavier than a normal one.
        """
        plan, size = self.plan, np.abs(rest)
        lags = plan.lags(plan.day, 14, 1) if plan.day > 1 else []
        near = self.axis.median(size, lags, 14) / TO_SIGMA[0.5]
        near = np.sqrt(near * spread)  # half way, for it rests on few and related samples
        body = np.fmax(np.where(near > 0, near, spread), floor)
        body[np.isnan(spread)] = np.nan
        ratio = np.divide(size, body, out=np.full_like(size, np.nan), where=body > 0)
        ratio[1:][ratio[:-1] * NEARLY > INCIDENT] = np.nan
        stretch = self.spread(np.minimum(ratio, CLIP), 0.9 if plan.day == 1 else 0.98)
        return body * np.fmax(stretch, 1.0)
