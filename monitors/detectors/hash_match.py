"""Detector `hash_match`: content whose hash, or one close to it, is on a list."""

from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows
from monitors.detectors._hamming import FARTHEST, close_pairs
from monitors.errors import MonitorError

PERCEPTUAL = r"^[0-9a-f]{16}$"


def hash_match(
    events: pl.LazyFrame,
    *,
    entity: str,
    value: str,
    known: pl.LazyFrame,
    distance: int = 0,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the distinct hashes of an entity in a calendar bucket that are on a list.

    One row per entity and bucket of length `grid` in which it has events. `known` has one or more
    rows per `hash`, with the name of the `list` that it is on; a row without either is left out.
    Hashes are text; upper and lower case are alike. With `distance` from 1 to 7, hashes of 16
    hexadecimal digits (64 bits) match when at most so many bits differ; others match whole. Score
    is null where no event of the bucket has a hash. Evidence: `hashes` (distinct), `events` that
    match, `first_match_at`, `list` and `distance` of the closest match (the first list by name
    among equals); with `event_id`, the smallest id of a match.

    Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no row. Empty
    input: no rows; an empty list matches nothing. Late rows can only raise scores. Exact: no
    match within `distance` is missed. Raises MonitorError for a distance outside 0 to 7. Source:
    Norouzi, Punjani and Fleet, Fast Search in Hamming Space with Multi-Index Hashing (2012).
    """
    require_positive(grid=grid)
    if not 0 <= distance <= FARTHEST:
        raise MonitorError(f"'distance' is {distance}; give a number of bits from 0 to {FARTHEST}.")
    rows = rows_of(events, entity=entity, time=time, value=value, event_id=event_id).with_columns(
        pl.col("value").cast(pl.String).str.to_lowercase()
    )
    names = known.select(value=pl.col("hash").cast(pl.String).str.to_lowercase(), list="list")
    named = names.drop_nulls().group_by("value").agg(pl.col("list").min())
    matches = _matches(rows.select("value").drop_nulls().unique(), named, distance)
    hit = pl.col("match").is_not_null()
    cells = (
        rows.join(matches, on="value", how="left")
        .group_by("entity", cell(grid))
        .agg(
            score=pl.col("value").filter(hit).n_unique(),
            hashes=pl.col("value").drop_nulls().n_unique().cast(pl.Int64),
            events=hit.sum().cast(pl.Int64),
            match=pl.col("match").min(),
            first_match_at=pl.col("time").filter(hit).min(),
            **smallest(event_id, hit),
        )
        .with_columns(
            pl.when(pl.col("hashes") > 0).then(pl.col("score")),
            list=pl.col("match").str.slice(1),
            distance=pl.col("match").str.slice(0, 1).cast(pl.Int64),
        )
        .drop("match")
    )
    return windows(cells, entity=entity, grid=grid)


def _matches(values: pl.LazyFrame, named: pl.LazyFrame, distance: int) -> pl.LazyFrame:
    """One row per value that matches, with its closest `match`: distance, one digit, then list.

    One text of both, because its minimum is the closest match and, among equals, the first list.
    """
    whole = values.join(named, on="value").select("value", match=pl.format("0{}", "list"))
    if not distance:
        return whole
    both = pl.concat([values.with_columns(list=pl.lit(None, pl.String)), named])
    perceptual = both.filter(pl.col("value").str.contains(PERCEPTUAL))

    def match(hashes: pl.DataFrame) -> pl.DataFrame:
        ours, theirs = (
            hashes.filter(of) for of in (pl.col("list").is_null(), ~pl.col("list").is_null())
        )
        one, other, bits = close_pairs(_bits(ours), _bits(theirs), distance)
        name = pl.format("{}{}", pl.Series(bits), theirs["list"].gather(other))
        return pl.select(value=ours["value"].gather(one), match=name)

    close = perceptual.map_batches(match, schema={"value": pl.String, "match": pl.String})
    return pl.concat([whole, close]).group_by("value").agg(pl.col("match").min())


def _bits(hashes: pl.DataFrame) -> NDArray[np.uint64]:
    return hashes["value"].str.to_integer(base=16, dtype=pl.UInt64).to_numpy()
