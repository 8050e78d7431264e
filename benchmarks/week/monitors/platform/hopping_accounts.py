"""m3: an account that changes country at least four times in a week, each within an hour."""

from datetime import datetime, timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.packed import high, pack, tally

HOUR = timedelta(hours=1)


@monitor(
    product="platform",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="account_id",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=4,
    window=timedelta(days=6),
    cadence="daily",
    severity=Severity.S2,
    action="verify_account",
    runbook="docs/benchmarks/week.md",
    canary=tuple(
        Rows(
            "actions",
            1,
            at=timedelta(minutes=i),
            values={"account_id": 1, "country": ("AQ", "BQ")[i % 2]},
        )
        for i in range(5)
    ),
)
def hopping_accounts(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count changes of country between consecutive events of an account at most an hour apart.

    Misses: an address abroad used for everything. False alarms: corporate networks.
    """
    end = period.collect()["end"].item()
    days = [_hops(actions, end - timedelta(days=n)) for n in range(7, 0, -1)]
    return (
        pl.concat(days)
        .group_by("account_id")
        .agg(score=pl.col("hops").sum())
        .with_columns(window_start=end - timedelta(days=7), window_end=end)
    )


def _hops(actions: pl.LazyFrame, day: datetime) -> pl.LazyFrame:
    """Changes of each account whose second event lies in the day; it needs the hour before.

    Only accounts seen in two countries are sorted.
    """
    at = pl.col("occurred_at")
    rows = (
        actions.filter(at >= day - HOUR, at < day + timedelta(days=1))
        .select("account_id", "occurred_at", country=pl.col("country").to_physical())
        .collect(engine="streaming")
        .lazy()
    )
    places = tally(rows, pack(pl.col("account_id"), pl.col("country"))).select(account_id=high())
    accounts = places.set_sorted("account_id").group_by("account_id").len()
    suspects = accounts.filter(pl.col("len") > 1).with_row_index("number")
    before = pl.col("account_id", "occurred_at", "country").shift().name.prefix("before_")
    hops = (
        rows.join(suspects, on="account_id")
        .sort(_order(day))
        .with_columns(before)
        .filter(
            pl.col("account_id") == pl.col("before_account_id"),
            pl.col("country") != pl.col("before_country"),
            at - pl.col("before_occurred_at") <= HOUR,
            at >= day,
        )
        .group_by("account_id")
        .agg(hops=pl.len())
    )
    return (
        accounts.select("account_id")
        .join(hops, on="account_id", how="left")
        .select("account_id", pl.col("hops").fill_null(0))
        .collect(engine="streaming")
        .lazy()
    )


def _order(day: datetime) -> pl.Expr:
    """Account, time and country as one number, which sorts four times faster than three columns.

    Up to 2^21 suspects, 2^37 microseconds since the hour before the day, 2^6 countries.
    """
    time = (pl.col("occurred_at") - (day - HOUR)).dt.total_microseconds()
    parts = [part.cast(pl.UInt64) for part in (pl.col("number"), time, pl.col("country"))]
    return (parts[0] * 2**37 + parts[1]) * 2**6 + parts[2]
