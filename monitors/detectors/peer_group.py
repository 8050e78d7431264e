"""Detector `peer_group`: an entity's activity against that of its peers at the same time."""

import math
from datetime import timedelta

import polars as pl

from monitors.activity import MAD_TO_SIGMA
from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, windows


def peer_group(
    activity: pl.LazyFrame,
    *,
    entity: str,
    group: str,
    column: str = "events",
    minimum_peers: int = 10,
    floor: float = 0.5,
    time: str = "hour",
    grid: timedelta = HOUR,
) -> pl.LazyFrame:
    """Robust z-score, on a log scale, of an entity's sum against its peers in the same bucket.

    One row per entity and bucket of length `grid` in which it is active. Peers are the other
    entities of the same `group` (a plan, a role, a country) with a sum in the same bucket; an
    entity that shows several groups in a bucket is in the smallest of them. Score is
    (y - median) / max(1.4826 MAD, `floor`) with y = log(1 + sum), and median and MAD those of the
    peers alone, without the entity: one that is alone in doing much cannot hide in the yardstick.
    Amounts per entity are skewed, and their logs far less so. `floor` is in logs: at 0.5, peers who
    all do the same give a score of 4 at e^2 = 7.4 times as much. Null under `minimum_peers` peers,
    without a group, and where the sum has no values or is negative. Evidence: `group`, `value`, and
    where there is a score `peers`, `peer_median` (in the column's unit) and `spread`, the divisor.

    Peers share holidays, launches and outages, so those do not score; what all of a group do does
    not either. Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no
    row. Empty input: no rows. Rows of one bucket add up, so a row given twice counts twice. Late
    rows move the scores of their whole group in their own bucket. Source: Bolton and Hand,
    Unsupervised profiling methods for fraud detection (2001), with median and MAD as in Iglewicz
    and Hoaglin (1993).
    """
    require_positive(minimum_peers=minimum_peers, floor=floor, grid=grid)
    rows = rows_of(activity, entity=entity, time=time, value=column, group=pl.col(group))
    sums = _sums(rows, grid)
    members = sums.filter(pl.col("group").is_not_null(), pl.col("y").is_not_null())
    usual = _against_peers(members, minimum_peers)
    spread = pl.max_horizontal(MAD_TO_SIGMA * pl.col("mad"), pl.lit(floor))
    known = pl.col("median").is_not_null()  # max_horizontal would pass over a null
    cells = sums.join(usual, on=["entity", "cell"], how="left").select(
        *("entity", "cell", "group", "value", "peers"),
        score=(pl.col("y") - pl.col("median")) / spread,
        peer_median=pl.col("median").exp() - 1,
        spread=pl.when(known).then(spread),
    )
    return windows(cells, entity=entity, grid=grid)


def _sums(rows: pl.LazyFrame, grid: timedelta) -> pl.LazyFrame:
    """One row per entity and bucket: its group, its sum, and the sum's log."""
    value = pl.col("value")
    sums = rows.group_by("entity", cell(grid)).agg(
        pl.col("group").min(), pl.when(value.count() > 0).then(value.sum())
    )
    size = value.cast(pl.Float64)
    return sums.with_columns(y=pl.when(size >= 0).then(size.log1p()))


def _against_peers(members: pl.LazyFrame, minimum: int) -> pl.LazyFrame:
    """Median and MAD of the other members of the group and cell, per entity and cell.

    Leaving a member out moves a median only between the three values around the middle, so a group
    has at most three medians, and these three values per group are all that a member needs.
    """
    key = ["group", "cell"]
    second = pl.col("y_around").list.get(1)
    whom = {"low": pl.lit(-math.inf), "mid": second, "high": pl.lit(math.inf)}
    groups = (
        members.group_by(key)
        .agg(peers=pl.len().cast(pl.Int64) - 1, y_around=_around_middle(pl.col("y")))
        .filter(pl.col("peers") >= minimum)
        .with_columns(**{case: _median_without(own, "y_around") for case, own in whom.items()})
    )
    off = {case: (pl.col("y") - pl.col(case)).abs() for case in whom}
    placed = members.join(groups, on=key)
    spreads = placed.group_by(key).agg(
        **{f"{case}_around": _around_middle(distance) for case, distance in off.items()}
    )
    mads = {case: _median_without(off[case], f"{case}_around") for case in whom}
    low, mid = pl.col("y") <= pl.col("y_around").list.get(0), pl.col("y") <= second
    return placed.join(spreads, on=key).select(
        *("entity", "cell", "peers"),
        median=_median_without(pl.col("y"), "y_around"),
        mad=pl.when(low).then(mads["low"]).when(mid).then(mads["mid"]).otherwise(mads["high"]),
    )


def _around_middle(values: pl.Expr) -> pl.Expr:
    """The three values of a group among which its median without one member lies."""
    return values.sort().slice((pl.len().cast(pl.Int64) - 2) // 2, 3)


def _median_without(own: pl.Expr, around: str) -> pl.Expr:
    """Median of a group's values without one of them, from the values around the middle."""
    first, second, third = (pl.col(around).list.get(i, null_on_oob=True) for i in range(3))
    lower = pl.when(own > first).then(first).otherwise(second)
    upper = pl.when(own > second).then(second).otherwise(third)
    return pl.when(pl.col("peers") % 2 == 0).then((lower + upper) / 2).otherwise(lower)
