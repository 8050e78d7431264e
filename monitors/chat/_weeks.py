"""Seven days up to the end of each day under evaluation."""

from datetime import timedelta

import polars as pl

DAY = timedelta(days=1)
WEEK = 7 * DAY
BEFORE = WEEK - DAY  # a monitor's `window`: what a day needs beside itself


def weeks(events: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Give each event to every day whose week holds it, so that days do not depend on each other.

    One row per event and day of `period`; adds that day's `start` and `end`, and `today`, whether
    the event lies in the day itself.
    """
    time = pl.col("occurred_at")
    return (
        events.join(period, how="cross")
        .filter(time >= pl.col("end") - WEEK, time < pl.col("end"))
        .with_columns(today=time >= pl.col("start"))
    )
