"""Detector `impossible_travel`: how fast an entity would have moved between two events."""

from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, windows
from monitors.detectors._centroids import centroids
from monitors.errors import MonitorError

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
SPOT = ("latitude", "longitude", "reach_km", "country")


def impossible_travel(
    events: pl.LazyFrame,
    *,
    entity: str,
    country: str | None = "country",
    coordinates: tuple[str, str] | None = None,
    places: pl.LazyFrame | None = None,
    minimum_km: float = 500.0,
    minimum_gap: timedelta = MINUTE,
    window: timedelta = DAY,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
) -> pl.LazyFrame:
    """Highest speed, in km/h, at which an entity would have moved between consecutive events.

    One row per entity and cell of `grid` in which it has events; a move belongs to the cell of
    its later event. Where an event was is read from `coordinates` (the columns of latitude and
    longitude in degrees), else from `country` by `places`: one row per `country` (ISO 3166-1
    alpha-2) with `latitude`, `longitude` and `reach_km`; None takes a table of all countries.
    Events whose place is unknown are passed over, and events at the same time are taken in the
    order of their places. Distance is along the great circle, and between countries less the
    reach of both: the least that can be true, so neighbours do not fire. Moves shorter than
    `minimum_km` have speed 0, and a gap under `minimum_gap` counts as that. Score is null where no
    event of the cell has a known predecessor at most `window` (inclusive) before it; a day
    suffices, for nowhere is farther than a day's flight. Evidence: pairs `compared`, and of the
    fastest move `from_country`, `to_country`, `km`, `minutes` (the true gap) and `moved_at`; all
    null at speed 0, the countries also where there is no such column.

    Overlap: every pair counts once, nothing is reset. Zero history: null. Keys never seen: no
    row. Empty input: no rows. An event given twice adds a pair at speed 0. Late rows can raise a
    score, or lower it by lying between. Exact when the events reach `window` before the cell.
    Source: haversine (Sinnott, Sky and Telescope 68, 1984); airliners do about 900 km/h.
    """
    require_positive(minimum_km=minimum_km, minimum_gap=minimum_gap, window=window, grid=grid)
    rows = _placed(events, entity=entity, time=time, country=country, at=coordinates, places=places)
    known = pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null()
    hops = _hops(rows.filter(known), window).with_columns(
        speed=pl.when(pl.col("km") >= minimum_km)
        .then(pl.col("km") / (pl.max_horizontal("gap", pl.lit(minimum_gap)) / HOUR))
        .otherwise(0.0)
    )
    cells = rows.group_by("entity", cell(grid)).agg()
    for found in (_compared(hops, grid), _fastest(hops, grid)):
        cells = cells.join(found, on=["entity", "cell"], how="left")
    score = pl.when(pl.col("compared") > 0).then(pl.col("score").fill_null(0.0))
    scored = cells.with_columns(pl.col("compared").fill_null(0), score=score)
    return windows(scored, entity=entity, grid=grid, look_back=window)


def _placed(
    events: pl.LazyFrame,
    *,
    entity: str,
    time: str,
    country: str | None,
    at: tuple[str, str] | None,
    places: pl.LazyFrame | None,
) -> pl.LazyFrame:
    """Rows with the place they were at, null where that is unknown."""
    if at is None and country is None:
        raise MonitorError("Neither 'coordinates' nor 'country' is given; name the columns of one.")
    name = pl.lit(None, pl.String) if country is None else pl.col(country)
    if at is not None:
        north, east = (pl.col(column).cast(pl.Float64).fill_nan(None) for column in at)
        return rows_of(
            events,
            entity=entity,
            time=time,
            country=name,
            latitude=north,
            longitude=east,
            reach_km=pl.lit(0.0),
        )
    rows = rows_of(events, entity=entity, time=time, country=name.cast(pl.String))
    known = centroids() if places is None else places.select("country", *SPOT[:3])
    return rows.join(known, on="country", how="left")


def _hops(rows: pl.LazyFrame, window: timedelta) -> pl.LazyFrame:
    """Each located row after one of the same entity: the gap, and the least distance."""
    before = {f"from_{column}": pl.col(column).shift() for column in ("entity", "time", *SPOT)}
    gap = pl.col("time") - pl.col("from_time")
    pairs = rows.sort("entity", "time", *SPOT).with_columns(**before)
    reach = pl.col("reach_km") + pl.col("from_reach_km")
    return pairs.filter(pl.col("entity") == pl.col("from_entity"), gap <= window).with_columns(
        gap=gap, km=pl.max_horizontal(_great_circle() - reach, pl.lit(0.0))
    )


def _great_circle() -> pl.Expr:
    """Haversine distance in km between (latitude, longitude) and (from_latitude, …)."""
    north, east, from_north, from_east = (
        pl.col(column).radians()
        for column in ("latitude", "longitude", "from_latitude", "from_longitude")
    )
    chord = ((north - from_north) / 2).sin() ** 2 + (
        north.cos() * from_north.cos() * ((east - from_east) / 2).sin() ** 2
    )
    return 2 * EARTH_RADIUS_KM * chord.clip(0.0, 1.0).sqrt().arcsin()


def _compared(hops: pl.LazyFrame, grid: timedelta) -> pl.LazyFrame:
    return hops.group_by("entity", cell(grid)).agg(compared=pl.len().cast(pl.Int64))


def _fastest(hops: pl.LazyFrame, grid: timedelta) -> pl.LazyFrame:
    """The fastest move of each entity and cell; of equally fast ones the earliest."""
    highest = pl.col("speed").max().over("entity", "cell")
    moves = hops.filter(pl.col("speed") > 0).with_columns(cell(grid))
    equal = moves.filter(pl.col("speed") == highest).sort("time", "km", "from_country", "country")
    return equal.unique(["entity", "cell"], keep="first", maintain_order=True).select(
        "entity",
        "cell",
        "km",
        score="speed",
        from_country="from_country",
        to_country="country",
        minutes=pl.col("gap") / MINUTE,
        moved_at="time",
    )
