"""What a case of a detector is, and the frames that cases share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

TIME = pl.Datetime("us", "UTC")
START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVENTS = {"event_id": pl.String, "product": pl.String, "who": pl.String, "occurred_at": TIME}
SCHEMA = pl.Schema({**EVENTS, "what": pl.String, "hit": pl.Boolean})
HISTORY = pl.LazyFrame(
    {"who": ["a", "a", "b"], "what": ["x", "y", "x"]},
    schema={"who": pl.String, "what": pl.String},
).with_columns(first_seen=pl.lit(START - timedelta(days=9), TIME))
USUAL = pl.LazyFrame(
    {
        "product": ["chat"] * 3,
        "who": ["a", "b", "z"],
        "hour_of_day": [9, 9, 9],
        "events_median": [2.0, 3.0, 4.0],
        "events_mad": [1.0, 0.0, 1.0],
        "periods": [20, 20, 20],
    },
    schema_overrides={"hour_of_day": pl.Int64},
)


@dataclass(frozen=True)
class Case:
    """One call of a detector; `reach` is how far before a cell its events must begin."""

    score: Callable[[pl.LazyFrame, datetime, datetime], pl.LazyFrame]
    reach: timedelta
    monotone: bool = False


def hours(start: datetime, end: datetime) -> pl.LazyFrame:
    starts = [start + i * HOUR for i in range((end - start) // HOUR)]
    frame = pl.LazyFrame({"start": starts}, schema={"start": TIME})
    return frame.with_columns(end=pl.col("start") + HOUR)
