"""What each stratum of scored windows comes to, and precision by group."""

import polars as pl

from orchestration.measurement.drawn_units import FLAGGED, UNSCORED, Windows
from orchestration.measurement.figures import FEW, MEASURED
from orchestration.measurement.quality import LEAST
from orchestration.measurement.rates import weighted_share
from orchestration.measurement.weighted_strata import Whole, counted, thin, whole

EMPTY = "empty"
SEED = 6  # of simulated intervals: the same labels give the same interval
TOTALS = ("total", "lower", "upper", "variance_share")
COUNTS = ("size", "drawn", "judged", "missing", "positive")
STRATA = pl.Schema(
    {
        "stratum": pl.String(),
        **dict.fromkeys(COUNTS, pl.Int64()),
        **dict.fromkeys(TOTALS, pl.Float64()),
        "state": pl.String(),
    }
)
SLICES = pl.Schema(
    {
        "by": pl.String,
        "name": pl.String,
        "value": pl.Float64,
        "lower": pl.Float64,
        "upper": pl.Float64,
        "n": pl.Int64,
        "state": pl.String,
    }
)


def together(windows: Windows) -> Whole | str:
    """Recall and totals over the strata that have a score; in words what is missing for it.

    Windows without a score are in no figure of these: they are reported apart.
    """
    scored = windows.strata.filter(pl.col("stratum") != UNSCORED, pl.col("size") > 0)
    found = counted(_flagged(scored), windows.units)
    few = thin(found, LEAST)
    if few:
        parts = ", ".join(f"{name} has {n} of {want}" for name, n, want in few)
        return f"insufficient ({parts})"
    if not found.height or found["flagged"].all() or not found["flagged"].any():
        return "insufficient (windows of both sides are wanted, flagged and not)"
    return whole(found, seed=SEED)


def strata_view(windows: Windows, made: Whole | str) -> pl.DataFrame:
    """Each stratum: counts always, totals and shares of variance where all have enough."""
    counts = counted(_flagged(windows.strata), windows.units)
    totals = pl.DataFrame(schema=STRATA).select("stratum", *TOTALS)
    if not isinstance(made, str):
        totals = made.strata.select("stratum", *TOTALS)
    few = [name for name, _, _ in thin(counts, LEAST)]
    state = (
        pl.when(pl.col("size") == 0)
        .then(pl.lit(EMPTY))
        .when(pl.col("stratum").is_in(few))
        .then(pl.lit(FEW))
        .otherwise(pl.lit(MEASURED))
    )
    return (
        windows.strata.join(counts.select("stratum", "judged", "positive"), on="stratum")
        .join(totals, on="stratum", how="left")
        .with_columns(missing=pl.col("drawn") - pl.col("judged"), state=state)
        .select(STRATA.names())
        .sort("stratum")
    )


def slices(units: pl.DataFrame, groups: pl.DataFrame | None) -> pl.DataFrame:
    """Precision of flagged windows by groups[unit, by, name]; null under 14 judged units."""
    if groups is None:
        return pl.DataFrame(schema=SLICES)
    flagged = units.filter(pl.col("stratum") == FLAGGED).join(groups, on="unit")
    rows: list[tuple[object, ...]] = []
    for by, name in flagged.select("by", "name").unique().sort("by", "name").iter_rows():
        found = weighted_share(flagged.filter(by=by, name=name))
        known = found.n >= LEAST
        ends = (found.value, found.lower, found.upper) if known else (None, None, None)
        rows.append((by, name, *ends, found.n, MEASURED if known else FEW))
    return pl.DataFrame(rows, schema=SLICES, orient="row")


def _flagged(strata: pl.DataFrame) -> pl.DataFrame:
    return strata.select("stratum", (pl.col("stratum") == FLAGGED).alias("flagged"), "size")
