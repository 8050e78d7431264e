"""Hourly aggregates that monitors share, their daily roll-up, and baselines made from them.

A monitor with a long look-back reads these instead of events: an hour is aggregated once, a day
is rolled up once, and every monitor that names the same contract, key and filter shares the table.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import polars as pl

Season = Literal["day", "hour_of_day", "hour_of_week"]
TIMESTAMP = pl.Datetime("us", "UTC")
MAD_TO_SIGMA = 1.4826  # makes a median absolute deviation comparable to a standard deviation


@dataclass(frozen=True)
class Activity:
    """Hourly aggregate of one contract's events: one row per key (`by`) and hour.

    `sums` maps a column to an expression that adds up over hours, such as
    `(pl.col("status") >= 400).sum()`; a count called `events` is always there. Distinct values are
    counted by naming them in `by`. `where` keeps only some events. With `hourly` the look-back is
    given hour by hour; otherwise whole days come as one row with `hours` = 24.
    """

    contract: str
    by: tuple[str, ...]
    sums: Mapping[str, pl.Expr] = field(default_factory=dict, hash=False, compare=False)
    where: pl.Expr | None = field(default=None, hash=False, compare=False)
    hourly: bool = False

    @property
    def name(self) -> str:
        """Name of the shared table: contract, key and, where there is a filter, its digest."""
        base = f"{self.contract}_by_{'_'.join(self.by) or 'product'}"
        if self.where is None:
            return base
        return f"{base}_{hashlib.sha256(_text(self.where).encode()).hexdigest()[:8]}"

    @property
    def keys(self) -> list[str]:
        """Key columns of a row, the hour apart."""
        return ["product", *self.by]


@dataclass(frozen=True)
class Baseline:
    """What was usual for each key over the `days` before a day began.

    Per key, and per hour of day or of week in `zone` where `season` says so: `<column>_median`
    and `<column>_mad` (scaled by 1.4826) of every sum, `periods` they rest on, and `first_seen` and
    `last_seen`. With `season="day"` the periods are the days on which the key was active; with an
    hourly season, hours without events since the key was first seen count as zeros.
    """

    activity: Activity
    days: int = 28
    season: Season = "day"
    zone: str = "UTC"

    @property
    def name(self) -> str:
        """Name of the shared table."""
        zone = "" if self.zone == "UTC" else f"_{self.zone.replace('/', '_').lower()}"
        return f"{self.activity.name}_{self.season}_{self.days}d{zone}"


def merged(activities: list[Activity]) -> dict[str, Activity]:
    """One activity per table name, with the sums of all that share it.

    Raises ValueError when two monitors give one column two meanings.
    """
    tables: dict[str, Activity] = {}
    for activity in activities:
        known = tables.get(activity.name)
        sums = dict(known.sums) if known else {}
        for column, expression in activity.sums.items():
            if column in sums and _text(sums[column]) != _text(expression):
                raise ValueError(
                    f"Activity '{activity.name}' has two meanings for '{column}'; rename one."
                )
            sums[column] = expression
        tables[activity.name] = Activity(
            activity.contract, activity.by, dict(sorted(sums.items())), activity.where
        )
    return tables


def hourly(activity: Activity, events: pl.LazyFrame) -> pl.LazyFrame:
    """Aggregate events to one row per key and hour."""
    kept = events if activity.where is None else events.filter(activity.where)
    return (
        kept.group_by(*activity.keys, hour=pl.col("occurred_at").dt.truncate("1h"))
        .agg(events=pl.len().cast(pl.Int64), **activity.sums)
        .with_columns(hours=pl.lit(1, pl.Int64))
    )


def daily(activity: Activity, hours: pl.LazyFrame) -> pl.LazyFrame:
    """Roll hourly rows up to one row per key and UTC day, with `hours` = 24."""
    return (
        hours.group_by(*activity.keys, hour=pl.col("hour").dt.truncate("1d"))
        .agg(pl.col("events", *activity.sums).sum())
        .with_columns(hours=pl.lit(24, pl.Int64))
    )


def baseline(declared: Baseline, rows: pl.LazyFrame, *, day: datetime) -> pl.LazyFrame:
    """Summarise activity before `day`: hourly rows for an hourly season, else hourly or daily."""
    activity = declared.activity
    columns = ["events", *activity.sums]
    start = day - timedelta(days=declared.days)
    past = rows.filter(pl.col("hour") >= start, pl.col("hour") < day)
    if declared.season == "day":
        keys = activity.keys
        periods = past.group_by(*keys, period=pl.col("hour").dt.truncate("1d")).agg(
            pl.col(columns).sum()
        )
    else:
        keys = [*activity.keys, declared.season]
        periods = _with_zeros(activity, past, day).with_columns(
            season_slot(pl.col("period"), declared.season, declared.zone)
        )
    spread = periods.with_columns(
        (pl.col(columns) - pl.col(columns).median().over(keys)).abs().name.suffix("_off")
    )
    return spread.group_by(keys).agg(
        *(pl.col(c).median().alias(f"{c}_median") for c in columns),
        *((pl.col(f"{c}_off").median() * MAD_TO_SIGMA).alias(f"{c}_mad") for c in columns),
        periods=pl.len().cast(pl.Int64),
        first_seen=pl.col("period").min(),
        last_seen=pl.col("period").max(),
    )


def season_slot(time: pl.Expr, season: Season, zone: str = "UTC") -> pl.Expr:
    """Hour of day (0-23) or of week (0-167, Monday first) of `time` in `zone`."""
    local = time.dt.convert_time_zone(zone)
    hour = local.dt.hour().cast(pl.Int64)
    if season == "hour_of_week":
        hour = hour + 24 * (local.dt.weekday().cast(pl.Int64) - 1)
    return hour.alias(season)


def _with_zeros(activity: Activity, past: pl.LazyFrame, day: datetime) -> pl.LazyFrame:
    """One row per key and hour since the key was first seen, zeros where nothing happened."""
    columns = ["events", *activity.sums]
    sums = past.group_by(*activity.keys, period=pl.col("hour")).agg(pl.col(columns).sum())
    grid = (
        past.group_by(activity.keys)
        .agg(
            period=pl.datetime_ranges(
                pl.col("hour").min(), pl.lit(day, TIMESTAMP), "1h", closed="left"
            ).first()
        )
        .explode("period")
    )
    filled = grid.join(sums, on=[*activity.keys, "period"], how="left", nulls_equal=True)
    return filled.with_columns(pl.col(columns).fill_null(0))


def _text(expression: pl.Expr) -> str:
    return str(expression.meta.serialize(format="json"))
