"""Tiny monitors for tests, on logins of the product `accounts`, and a way to declare others."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Monitor, Score, Severity, monitor
from monitors.harms import Harm
from monitors.sql import parse

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CANARY = Rows("logins", n=3, values={"account_id": "canary", "succeeded": False})
QUIET_DAY = Rows("logins", n=1, at=-DAY, values={"account_id": "canary", "succeeded": True})
BY_ACCOUNT = Activity("logins", by=("account_id",), sums={"failed": (~pl.col("succeeded")).sum()})
USUAL = Baseline(BY_ACCOUNT, days=7)


def declare(**changes: Any) -> Callable[[Score], Monitor]:  # noqa: ANN401 - any part of it
    """The decorator `monitor` with a whole declaration, of which tests change what they need."""
    declared: dict[str, Any] = {
        "product": "accounts",
        "harm": Harm.ACCOUNT_TAKEOVER,
        "entity": "account_id",
        "version": 1,
        "authors": ("test",),
        "owner": "test",
        "threshold": 3.0,
        "near": 2.0,
        "window": timedelta(0),
        "cadence": "hourly",
        "severity": Severity.S2,
        "action": "none",
        "runbook": "docs/runbooks/test.md",
        "canary": (CANARY,),
    }
    return monitor(**{**declared, **changes})


def failures_by(logins: pl.LazyFrame, every: str) -> pl.LazyFrame:
    """Failed sign-ins of each account and calendar window, null where nothing failed."""
    failed = (~pl.col("succeeded")).sum()
    return (
        logins.group_by("account_id", window_start=pl.col("occurred_at").dt.truncate(every))
        .agg(score=pl.when(failed > 0).then(failed).cast(pl.Float64), attempts=pl.len())
        .with_columns(window_end=pl.col("window_start").dt.offset_by(every))
    )


@declare()
def failed_logins(logins: pl.LazyFrame) -> pl.LazyFrame:
    """Three failed sign-ins of an account in a calendar hour."""
    return failures_by(logins, "1h")


@declare(cadence="daily")
def failed_logins_of_a_day(logins: pl.LazyFrame) -> pl.LazyFrame:
    """Three failed sign-ins of an account in a UTC day."""
    return failures_by(logins, "1d")


def sliding(window: timedelta, **changes: Any) -> Monitor:  # noqa: ANN401 - any part of it
    """Three failed sign-ins of an account in `window`, looked at on the hour."""
    hours = window // HOUR

    @declare(window=window, **changes)
    def failed_logins_sliding(logins: pl.LazyFrame) -> pl.LazyFrame:
        """Three failed sign-ins of an account in a window that ends on the hour."""
        ends = pl.col("occurred_at").dt.truncate("1h").dt.offset_by("1h")
        return (
            logins.filter(~pl.col("succeeded"))
            .with_columns(window_end=pl.concat_list(ends + n * HOUR for n in range(hours)))
            .explode("window_end")
            .group_by("account_id", "window_end")
            .agg(score=pl.len().cast(pl.Float64))
            .with_columns(window_start=pl.col("window_end") - window)
        )

    return failed_logins_sliding


@declare(window=DAY, activity=(BY_ACCOUNT,))
def failures_in_a_day(logins_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Three failed sign-ins of an account in the 24 hours before the hour ends."""
    sums = logins_activity.group_by("account_id").agg(score=pl.col("failed").sum().cast(pl.Float64))
    ends = period.select(window_end="end", window_start=pl.col("end") - DAY)
    return sums.join(ends, how="cross")


@declare(baseline=(USUAL,), canary=(CANARY, QUIET_DAY))
def more_failures_than_usual(logins: pl.LazyFrame, logins_baseline: pl.LazyFrame) -> pl.LazyFrame:
    """Three more failed sign-ins in an hour than the account's usual day has."""
    usual = logins_baseline.select("account_id", "failed_median")
    off = pl.col("score") - pl.col("failed_median")
    return (
        failures_by(logins, "1h").join(usual, on="account_id", how="left").with_columns(score=off)
    )


def failing(error: Exception, **changes: Any) -> Monitor:  # noqa: ANN401 - any part of it
    """A monitor that raises an error as soon as it is asked."""

    @declare(**changes)
    def failing_monitor(logins: pl.LazyFrame) -> pl.LazyFrame:  # noqa: ARG001 - names a table
        """Raises."""
        raise error

    return failing_monitor


def in_sql(folder: Path) -> Monitor:
    """What `failed_logins` does, written in SQL in a file of the folder."""
    path = folder / "failed_logins.sql"
    path.write_text(SQL, encoding="utf-8")
    return parse(path)


def named(declared: Monitor, name: str, **changes: Any) -> Monitor:  # noqa: ANN401 - any part
    """The same monitor under another name, and otherwise changed."""
    return replace(declared, name=name, **changes)


SQL = """/*
product = "accounts"
harm = "account_takeover"
entity = "account_id"
version = 1
authors = ["test"]
owner = "test"
threshold = 3
near = 2
window = "0s"
cadence = "hourly"
severity = "S2"
action = "none"
runbook = "docs/runbooks/test.md"
reads = ["logins"]
doc = '''Three failed sign-ins of an account in a calendar hour.'''
[[canary]]
contract = "logins"
n = 3
values = {account_id = "canary", succeeded = false}
*/
select
    account_id,
    nullif(count(*) filter (where not succeeded), 0)::double as score,
    count(*)::uinteger as attempts,
    date_trunc('hour', occurred_at) as window_start,
    date_trunc('hour', occurred_at) + interval 1 hour as window_end
from logins
group by account_id, date_trunc('hour', occurred_at)
"""
