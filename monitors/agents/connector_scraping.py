"""Monitor `agents/connector_scraping`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

READ_SHARE = 0.95
ADDRESSES = Baseline(Activity("tool_calls", by=("account_id", "ip")), days=28)
CANARY = (
    Rows(
        "tool_calls",
        n=5,
        at=timedelta(days=-6),
        every=timedelta(days=1),
        values={"account_id": "canary", "ip": "192.0.2.1", "action": "read", "target": "usual"},
    ),
    Rows(
        "tool_calls",
        n=60,
        every=timedelta(seconds=20),
        values={
            "session_id": "canary",
            "account_id": "canary",
            "ip": "198.51.100.7",
            "action": "read",
            "target": "canary-{i}",
        },
    ),
)


@monitor(
    product="agents",
    harm=Harm.PRIVACY_EXFILTRATION,
    entity="account_id",
    version=1,
    authors=("mlang", "rkhan"),
    owner="agent-safety",
    threshold=40,
    near=25,
    window=timedelta(0),
    cadence="daily",
    severity=Severity.S1,
    action="revoke_token",
    runbook="docs/runbooks/connector_scraping.md",
    canary=CANARY,
    baseline=(ADDRESSES,),
)
def connector_scraping(tool_calls: pl.LazyFrame, tool_calls_baseline: pl.LazyFrame) -> pl.LazyFrame:
    """From an address an account never used, its connectors read document after document.

    Counts the distinct documents of a day that an account's connectors read from addresses which
    the account did not use in the 28 days before, at which 95 % of the calls or more are reads: a
    thief takes, an owner on a journey also writes and sends. Null for accounts without history.

    Threshold: In three weeks of the two development worlds other accounts read up to 5 documents a
    day that way. Accounts of the slow campaigns read 70 and more, of the loud ones 668 and more, of
    the evasive ones 1 to 58.

    Misses: Scraping from an address in use, by a thief who writes now and then, or a few documents
    through each of many accounts (see `agents/split_scraping`); an account's first day.

    False alarms: A reader on a journey, a new office or provider, and an index that is built anew
    from another data centre.
    """
    known = tool_calls_baseline.select("account_id", "ip").unique()
    old = known.select("account_id", old=pl.lit(value=True)).unique()
    is_read = pl.col("action") == "read"
    day = pl.col("occurred_at").dt.truncate("1d")
    addresses = (
        tool_calls.filter(pl.col("ip").is_not_null())
        .join(known, on=["account_id", "ip"], how="anti")
        .group_by("account_id", "ip", day=day)
        .agg(
            reads_only=is_read.mean() >= READ_SHARE,
            documents=pl.col("target").filter(is_read).drop_nulls().unique(),
            calls=pl.len(),
            unfingerprinted=pl.col("device_id").null_count(),
            first_at=pl.col("occurred_at").min(),
        )
        .with_columns(
            pl.when("reads_only").then("documents").otherwise(pl.lit([], pl.List(pl.String)))
        )
    )
    return (
        addresses.group_by("account_id", "day")
        .agg(
            score=pl.col("documents").explode().drop_nulls().n_unique(),
            addresses=pl.len(),
            calls=pl.col("calls").sum(),
            unfingerprinted=pl.col("unfingerprinted").sum(),
            first_at=pl.col("first_at").min(),
        )
        .join(old, on="account_id", how="left")
        .with_columns(
            score=pl.when("old").then(pl.col("score").cast(pl.Float64)),
            window_start="day",
            window_end=pl.col("day") + timedelta(days=1),
        )
        .drop("day", "old")
    )
