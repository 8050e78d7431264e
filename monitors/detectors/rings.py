"""Detector `rings`: entities tied together by what they share."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import polars as pl

from monitors.detectors._cells import cell, require_positive, windows
from monitors.detectors._components import ringed
from monitors.detectors._spans import NOTHING, spread
from monitors.errors import MonitorError

DAY = timedelta(days=1)
MEMBERS = 100  # ids that are given as evidence


def rings(
    events: pl.LazyFrame,
    *,
    member: str,
    attributes: Mapping[str, float],
    minimum: float = 1.0,
    hub: int = 50,
    entity: str = "ring",
    time: str = "occurred_at",
    grid: timedelta = DAY,
    look_back: timedelta = NOTHING,
    period: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """Count the members of each ring: entities that share devices, payments, addresses.

    One row per ring and cell of `grid` in which a member had an event; the window is the cell and
    the `look_back`, a multiple of `grid`, before it. `attributes` gives each column its weight.
    Two members are tied when the weights of the columns in which they share a value, each column
    counted once, add up to `minimum`; a ring is two members or more that ties connect. A value
    that more than `hub` members have in the window (an office, a carrier's address) ties nobody;
    null values neither, and rows without any attribute are left out. Score is never null: a
    member of no ring has no row. The ring's id, in column `entity`, is its oldest member's: the
    earliest event in the window, then the smallest id. With `period` (`start`, `end`), only cells
    that meet it are worked out. Evidence: `members` (the first hundred ids, in order),
    `attributes` (values that at least two members share, hubs apart), `density` (ties over pairs
    of members, 1.0 where all are tied), `first_at`, `last_at`.

    Overlap: windows overlap by `look_back`. Zero history: a tie in the window suffices. Keys
    never seen: no row. Empty input: no rows. Late rows may join rings, make a value a hub, which
    parts them, or give a ring an older member, which changes its id. Raises MonitorError when all
    weights together are under `minimum`. Source: connected components (Hopcroft and Tarjan,
    Algorithm 447, 1973) of members projected from members and values.
    """
    require_positive(minimum=minimum, hub=hub, grid=grid, **attributes)
    _reachable(attributes, minimum)
    kinds = [f"kind_{i}" for i in range(len(attributes))]
    values = dict(zip(kinds, map(pl.col, attributes), strict=True))
    used = (
        events.select(entity=pl.col(member), time=pl.col(time), **values)
        .filter(
            pl.col("entity").is_not_null(),
            pl.col("time").is_not_null(),
            pl.any_horizontal(pl.col(kinds).is_not_null()),
        )
        .with_columns(cell(grid), first_at="time", last_at="time")
        .drop("time")
    )
    if period is None:  # each row is repeated for every window that holds it: the fewer the better
        used = used.group_by("cell", "entity", *kinds).agg(
            pl.col("first_at").min(), pl.col("last_at").max()
        )
    held = spread(used, grid=grid, look_back=look_back, period=period)
    found = _joined(held, kinds, weights=tuple(attributes.values()), minimum=minimum, hub=hub)
    return windows(_cells(found), entity=entity, grid=grid, look_back=look_back)


def _joined(
    held: pl.LazyFrame, kinds: Sequence[str], *, weights: Sequence[float], minimum: float, hub: int
) -> pl.LazyFrame:
    """One row per cell and member of a ring, with when it was active.

    What is held is needed once per kind, so it is made once.
    """

    def find(held: pl.LazyFrame) -> pl.LazyFrame:
        found = ringed(_shared(held, kinds, hub), weights=weights, minimum=minimum).cache()
        members = held.join(found, on=["cell", "entity"], how="semi")
        active = members.group_by("cell", "entity").agg(
            pl.col("now").any(), pl.col("first_at").min(), pl.col("last_at").max()
        )
        return found.join(active, on=["cell", "entity"])

    return held.map_batches(
        lambda rows: find(rows.lazy()).collect(), schema=find(held).collect_schema()
    )


def _shared(held: pl.LazyFrame, kinds: Sequence[str], hub: int) -> pl.LazyFrame:
    """One row per cell, kind and value that two to `hub` members share, with those members."""
    pieces = [
        held.filter(pl.col(kind).is_not_null())
        .group_by("cell", kind)
        .agg("entity")
        .filter(pl.col("entity").list.len() > 1)  # rows yet, not members: makes the next step short
        .select("cell", pl.col("entity").list.unique(), kind=pl.lit(number, pl.Int64))
        for number, kind in enumerate(kinds)
    ]
    return pl.concat(pieces).filter(pl.col("entity").list.len().is_between(2, hub))


def _cells(members: pl.LazyFrame) -> pl.LazyFrame:
    """One row per cell and ring with a member who is active now."""
    rings = members.group_by("cell", "ring").agg(
        pl.col("entity").sort_by("first_at", "entity").first(),
        score=pl.len(),
        members=pl.col("entity").sort().head(MEMBERS),
        attributes=pl.col("attributes").first(),
        density=pl.col("ties").first() / (pl.len() * (pl.len() - 1) / 2),
        first_at=pl.col("first_at").min(),
        last_at=pl.col("last_at").max(),
        now=pl.col("now").any(),
    )
    return rings.filter("now").drop("now", "ring")


def _reachable(attributes: Mapping[str, float], minimum: float) -> None:
    total = sum(attributes.values())
    if total < minimum:
        raise MonitorError(
            f"The weights of 'attributes' add up to {total}, under 'minimum' {minimum}: nobody "
            "could be tied; lower the minimum or raise a weight."
        )
