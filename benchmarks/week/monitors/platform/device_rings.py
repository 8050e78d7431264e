"""m10: accounts tied together by devices that at least five of them share."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm
from monitors.packed import high, low, pack, tally

SHARED = 5  # accounts on one device that make it a tie


@monitor(
    product="platform",
    harm=Harm.FAKE_ACCOUNTS,
    entity="ring",
    version=1,
    authors=("benchmark",),
    owner="benchmark",
    threshold=10,
    window=timedelta(days=6),
    cadence="daily",
    severity=Severity.S2,
    action="review_accounts",
    runbook="docs/benchmarks/week.md",
    canary=tuple(Rows("actions", 1, values={"account_id": i, "device_id": 1}) for i in range(10)),
)
def device_rings(actions: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """Count the accounts of each connected component of accounts and shared devices.

    A ring is named by its smallest account. Only rings have scores: an account whose devices are
    its own is no ring. Misses: rings with a device each. False alarms: shops, families of five.
    """
    used = tally(actions, pack(pl.col("device_id"), pl.col("account_id"))).select(
        device_id=high(), account_id=low(), events="n"
    )
    accounts = used.set_sorted("device_id").group_by("device_id").len()
    ties = used.join(accounts.filter(pl.col("len") >= SHARED), on="device_id", how="semi")
    week = period.select(window_start=pl.col("end") - timedelta(days=7), window_end="end")
    return ties.map_batches(_rings, schema=RINGS).join(week, how="cross")


RINGS = pl.Schema({"ring": pl.UInt32, "score": pl.Float64, "events": pl.Int64})


def _rings(ties: pl.DataFrame) -> pl.DataFrame:
    from scipy.sparse import coo_array  # noqa: PLC0415 - slow to import
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    accounts = ties["account_id"].rank("dense").to_numpy() - 1
    devices = ties["device_id"].rank("dense").to_numpy() - 1
    size = ties["account_id"].n_unique() + ties["device_id"].n_unique()
    ends = (accounts, devices + ties["account_id"].n_unique())
    _, ring = connected_components(coo_array((ties["events"], ends), (size, size)), directed=False)
    return (
        ties.with_columns(number=ring[accounts])
        .group_by("number")
        .agg(
            ring=pl.col("account_id").min(),
            score=pl.col("account_id").n_unique().cast(pl.Float64),
            events=pl.col("events").sum().cast(pl.Int64),
        )
        .select(RINGS.names())
    )
