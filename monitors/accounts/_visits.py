"""Visits to accounts by devices that are new to them, and what those devices did."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import polars as pl

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VISIT = ("account_id", "device_id", "entered_at")
PLATFORM = r"\(([^;)]+(?:; Android)?)"  # what outlives a browser's update
NEWS = {"asn": "new_network", "country": "new_country", "platform": "new_platform"}


def platform() -> pl.Expr:
    """System that the client names; null where it names none."""
    return pl.col("user_agent").str.extract(PLATFORM).alias("platform")


def visits(logins: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account, device new to it and time of sign-in, with where it came from."""
    entered = logins.filter(
        pl.col("succeeded"),
        pl.col("new_device"),
        pl.col("account_id").is_not_null(),
        pl.col("device_id").is_not_null(),
    ).select(
        "account_id",
        "device_id",
        "asn",
        "country",
        platform(),
        entered_at="occurred_at",
        no_second_factor=~pl.col("mfa"),
    )
    return entered.group_by(VISIT).agg(pl.exclude(VISIT).max())


def steps(
    entered: pl.LazyFrame, acts: pl.LazyFrame, *, kinds: Mapping[str, Sequence[str]]
) -> pl.LazyFrame:
    """One row per visit and hour in which its device acted, with what it did by then.

    `acts` are account_id, device_id, occurred_at, event_id and `act`. A column for each of `kinds`
    counts the different acts of that kind since the sign-in, a day at most.
    """
    latest = (
        acts.join(
            entered, on=["account_id", "device_id"], how="semi"
        )  # few: the rest is not sorted
        .sort("occurred_at")
        .join_asof(
            entered.select(VISIT).sort("entered_at"),
            left_on="occurred_at",
            right_on="entered_at",
            by=["account_id", "device_id"],
            tolerance=DAY,
            coalesce=False,
            check_sortedness=False,  # sorted just before; within groups it cannot be checked
        )
        .filter(pl.col("entered_at").is_not_null())
        .with_columns(hour=pl.col("occurred_at").dt.truncate("1h"))
    )
    hours = latest.group_by(*VISIT, "hour").agg(pl.col("event_id").min())
    first = latest.group_by(*VISIT, "act").agg(since=pl.col("hour").min())
    done = hours.join(first, on=VISIT).filter(pl.col("since") <= pl.col("hour"))
    counts = {name: pl.col("act").is_in(of).sum() for name, of in kinds.items()}
    return (
        done.group_by(*VISIT, "hour")
        .agg(pl.col("event_id").first(), **counts)
        .with_columns(
            window_start=pl.col("hour") - DAY,
            window_end=pl.col("hour") + HOUR,
        )
    )


def owners(acted: pl.LazyFrame, entered: pl.LazyFrame, *, within: timedelta) -> pl.LazyFrame:
    """One row per device and hour of a step: accounts it was new to in the time before its end."""
    ends = acted.select("device_id", "window_end").unique()
    return (
        ends.join(entered, on="device_id")
        .filter(
            pl.col("entered_at") < pl.col("window_end"),
            pl.col("entered_at") >= pl.col("window_end") - within,
        )
        .group_by("device_id", "window_end")
        .agg(device_owners=pl.col("account_id").n_unique())
    )


def failures(entered: pl.LazyFrame, logins: pl.LazyFrame) -> pl.LazyFrame:
    """One row per visit with a failed sign-in to its account in the day before: how many."""
    failed = logins.filter(pl.col("succeeded").not_()).select("account_id", "occurred_at")
    return (
        entered.join(failed, on="account_id")
        .filter(
            pl.col("occurred_at") < pl.col("entered_at"),
            pl.col("occurred_at") >= pl.col("entered_at") - DAY,
        )
        .group_by(VISIT)
        .agg(failures=pl.len())
    )


def news(entered: pl.LazyFrame, baseline: pl.LazyFrame) -> pl.LazyFrame:
    """One row per visit: whether network, country and platform are new to the account.

    Compared with what it used before the day of the visit, which may be the day before the
    baseline ends. Null where the visit does not tell, and for accounts without history.
    """
    used = baseline.join(entered, on="account_id", how="semi").with_columns(platform())
    found = entered.with_columns(day=pl.col("entered_at").dt.truncate("1d"))
    found = _before(found, used, on=["account_id"], name="history")
    for column, name in NEWS.items():
        told = pl.col("history") & pl.col(column).is_not_null()
        found = _before(found, used, on=["account_id", column], name="seen").with_columns(
            pl.when(told).then(~pl.col("seen")).alias(name)
        )
    return found.select(*VISIT, "no_second_factor", *NEWS.values())


def _before(found: pl.LazyFrame, used: pl.LazyFrame, *, on: list[str], name: str) -> pl.LazyFrame:
    """Add whether such a use was first seen before the day of the visit."""
    since = used.group_by(on).agg(since=pl.col("first_seen").min())
    earlier = (pl.col("since") < pl.col("day")).fill_null(value=False)
    return found.join(since, on=on, how="left").with_columns(earlier.alias(name)).drop("since")
