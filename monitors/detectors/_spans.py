"""Windows of several cells, for detectors that need all of a window's rows at once."""

from datetime import timedelta

import polars as pl

from monitors.errors import MonitorError

NOTHING = timedelta(0)


def spread(
    rows: pl.LazyFrame, *, grid: timedelta, look_back: timedelta, period: pl.LazyFrame | None
) -> pl.LazyFrame:
    """Repeat each row for every cell whose window holds it: its own, and those soon after.

    The window of a cell is `[cell - look_back, cell + grid)`: whole cells, so rows may have been
    added up by `cell` before. Adds `now`, true in the row's own cell. Only cells with rows of
    their own are given and, with `period` (`start`, `end`), only those that meet it. Raises
    MonitorError when `look_back` is no whole number of `grid`.
    """
    if look_back < NOTHING or look_back % grid:
        raise MonitorError(f"'look_back' is {look_back}; give a multiple of 'grid', {grid}.")
    homes = rows.select(home="cell").unique()
    cells = homes.select(cell="home")
    if period is not None:
        asked = period.select(pl.col("start").min(), pl.col("end").max())
        meets = (pl.col("cell") < pl.col("end")) & (pl.col("cell") + grid > pl.col("start"))
        cells = cells.join(asked, how="cross").filter(meets).select("cell")
    back = pl.col("cell") - pl.col("home")
    held = homes.join(cells, how="cross").filter(back >= NOTHING, back <= look_back)
    return (
        rows.rename({"cell": "home"})
        .join(held, on="home")
        .with_columns(now=pl.col("home") == pl.col("cell"))
        .drop("home")
    )
