"""Detector `lookalike`: names that imitate a brand's or a verified holder's."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, smallest, windows
from monitors.detectors._imitations import PAIRS, Imitations

# fmt: off
BAIT = (
    "account", "admin", "billing", "care", "customer", "help", "helpdesk", "login", "official",
    "secure", "security", "service", "services", "support", "team", "verified", "verify",
)
# fmt: on


def lookalike(
    events: pl.LazyFrame,
    *,
    entity: str,
    name: str,
    brands: Sequence[str],
    genuine: Mapping[str, Collection[str]] | None = None,
    allowed: Sequence[str] = (),
    bait: Sequence[str] = BAIT,
    domain: bool = False,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Similarity, from 0 to 1, of an entity's names to the brand that they resemble most.

    One row per entity and calendar bucket of length `grid` in which it has events. Names and
    brands are compared as they look: case, accents, invisible signs, letters of other scripts,
    digits for letters, and spaces apart. Similarity is 1 - edits / letters of the longer; bait
    words at either end of a name are not counted, and a name that holds the whole brand beside a
    bait word is 0.95 at least. Under 0.7 the score is 0. Brands of four letters or fewer must be
    met exactly. `genuine` gives the entities to whom a brand belongs, who cannot imitate it;
    names in `allowed`, exactly so written, imitate nobody. With `domain`, names are hosts or URLs:
    every label but the public suffix is a name, and whatever is under a domain in `allowed` is
    too. Score is null where no event of the bucket has a name. Evidence: `names` (distinct),
    `brand` and its `distance` in edits, `first_seen_at` of a name that resembles one; with
    `event_id`, the smallest id of such.

    Overlap: buckets do not overlap. Zero history: none is needed. Keys never seen: no row. Empty
    input: no rows. Late rows can only raise scores. Raises MonitorError when no brand has a
    letter. Source: Damerau (1964); Unicode Technical Standard 39, confusable detection.
    """
    require_positive(grid=grid)
    imitations = Imitations(tuple(brands), tuple(bait), tuple(allowed), domain=domain)
    rows = rows_of(events, entity=entity, time=time, value=name, event_id=event_id).with_columns(
        pl.col("value").cast(pl.String)
    )
    names = rows.select("value").drop_nulls().unique()
    similar = names.map_batches(imitations.of, schema=PAIRS)
    theirs = [(who, brand) for brand, owners in (genuine or {}).items() for who in owners]
    owned = pl.LazyFrame(theirs, schema={"who": pl.String, "brand": pl.String}, orient="row")
    hits = (
        rows.join(similar, on="value")
        .with_columns(who=pl.col("entity").cast(pl.String))
        .join(owned, on=["who", "brand"], how="anti")
    )
    nearest = (-pl.col("similarity"), "distance", "brand")
    closest = hits.group_by("entity", cell(grid)).agg(
        score=pl.col("similarity").max(),
        brand=pl.col("brand").sort_by(nearest).first(),
        distance=pl.col("distance").sort_by(nearest).first(),
        first_seen_at=pl.col("time").min(),
        **smallest(event_id),
    )
    told = rows.group_by("entity", cell(grid)).agg(
        names=pl.col("value").drop_nulls().n_unique().cast(pl.Int64)
    )
    score = pl.when(pl.col("names") > 0).then(pl.col("score").fill_null(0.0))
    cells = told.join(closest, on=["entity", "cell"], how="left").with_columns(score=score)
    return windows(cells, entity=entity, grid=grid)
