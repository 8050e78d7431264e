"""Series with a day and a week in them, and what the seasonal baseline scores them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from monitors.detectors.seasonal_baseline import seasonal_baseline

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY, HOUR, FIVE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
TIME = pl.Datetime("us", "UTC")
SCHEMA = {"host": pl.String, "at": TIME, "load": pl.Float64}
EVIDENCE = ("score", "value", "expected", "scale", "tier")


def series(loads: Sequence[float | None], bucket: timedelta, host: str = "a") -> pl.LazyFrame:
    times = [MONDAY + i * bucket for i in range(len(loads))]
    columns = {"host": [host] * len(loads), "at": times, "load": list(loads)}
    return pl.LazyFrame(columns, schema=SCHEMA)  # type: ignore[arg-type]


def scored(rows: pl.LazyFrame, bucket: timedelta, **options: object) -> pl.DataFrame:
    named = {"value": "load", "entity": "host", **options}
    found = seasonal_baseline(rows, time="at", bucket=bucket, **named)  # type: ignore[arg-type]
    return found.sort(found.collect_schema().names()[0], "window_end").collect(engine="streaming")


def scores(loads: Sequence[float | None], bucket: timedelta, **options: object) -> list[float]:
    found = scored(series(loads, bucket), bucket, **options)
    return found["score"].fill_null(-1).to_list()


def busy(days: int, bucket: timedelta = HOUR) -> list[float]:
    """Busy by day, calm by night, calmer at weekends, with noise of 5 around about 100."""
    day = np.arange(days * (DAY // bucket)) * (bucket / DAY)
    noise = np.random.default_rng(7)
    week = np.where(day % 7 < 5, 1.0, 0.6)
    swing = (100 + 60 * np.sin(2 * np.pi * (day - 0.3))) * week
    loads: list[float] = (swing + noise.normal(0, 5, len(day))).tolist()
    return loads
