"""Names of publishers that imitate a better-known one, with the brands learnt from the data."""

import polars as pl

from monitors.detectors._imitations import Imitations
from monitors.detectors.lookalike import BAIT

PREFIXES = ("co", "inc", "llc", "ltd", "the")
AHEAD = 1.5  # how many times as many people know the imitated name
IMITATED = {
    "name": pl.String(),
    "brand": pl.String(),
    "similarity": pl.Float64(),
    "distance": pl.Int64(),
    "brand_reach": pl.Int64(),
}


def imitated(asked: pl.LazyFrame, known: pl.LazyFrame, *, least: int) -> pl.LazyFrame:
    """Best-known name that each asked name resembles: one row per name that resembles one.

    `asked` has names in `name`; `known` has `name` and its `reach`, the accounts that dealt with
    it. A name is imitated when its reach is at least `least` and 1.5 times that of the name that
    resembles it, so of two alike the lesser-known is the imitation. Gives `name`, `brand`,
    `similarity` (0.7 to 1), `distance` in edits and the brand's `brand_reach`.
    """
    nobody = pl.lit(0, pl.Int64)
    rows = pl.concat(
        [
            known.select("name", pl.col("reach").cast(pl.Int64), asked=pl.lit(value=False)),
            asked.select("name", reach=nobody, asked=pl.lit(value=True)),
        ]
    )
    reaches = rows.group_by("name").agg(pl.col("reach").max(), pl.col("asked").any())

    def closest(reaches: pl.DataFrame) -> pl.DataFrame:
        return _closest(reaches, least)

    return reaches.map_batches(closest, schema=IMITATED)


def _closest(reaches: pl.DataFrame, least: int) -> pl.DataFrame:
    brands = reaches.filter(pl.col("reach") >= least)["name"].sort().to_list()
    asked = reaches.filter("asked").select(value="name")
    if not brands or asked.is_empty():
        return pl.DataFrame(schema=IMITATED)
    pairs = Imitations(tuple(brands), (*BAIT, *PREFIXES), (), domain=False).of(asked)
    return (
        pairs.filter(pl.col("value") != pl.col("brand"))
        .join(reaches.select(value="name", own_reach="reach"), on="value")
        .join(reaches.select(brand="name", brand_reach="reach"), on="brand")
        .filter(pl.col("brand_reach") >= AHEAD * pl.col("own_reach"))
        .sort("value", "similarity", "brand_reach", "brand", descending=[False, True, True, False])
        .unique("value", keep="first", maintain_order=True)
        .rename({"value": "name"})
        .select(IMITATED.keys())
    )
