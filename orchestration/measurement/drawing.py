"""Which scored windows are judged: how likely each stratum's are, and a keyed draw of each unit.

Pure: frames in, frames out. A window is kept with a probability of its own (`kept_prob`) before
it can be drawn; what is recorded is the probability of both.
"""

import polars as pl

from orchestration.measurement.allocation import SLICE, allocate
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import check_columns, check_whole
from orchestration.measurement.sampling import place

# A day and a version: 360 windows in thirty days, at least 60 of each stratum.
BUDGET, FLOOR = 12, 2
# What share of a stratum is bad, before anybody has looked: they only steer where to look.
GUESSES = {"flagged": 0.7, "near": 0.3, "bulk": 0.01, "null": 0.01}


def chances(
    strata: pl.DataFrame, budget: int = BUDGET, *, floor: int = FLOOR, uniform: float = SLICE
) -> pl.DataFrame:
    """`inclusion_prob` for strata[stratum, size, rate, kept_prob]: of each unit, kept and drawn.

    It is the one of `allocate` with `budget` judgements, of which a `uniform` share is spread over
    all units alike and the rest by Neyman with a `floor`; but never more than `kept_prob`, the
    least with which a unit of the stratum was kept. Null for a stratum without units, and above 0
    for all others. Raises MeasurementError as `allocate` does, and for a `kept_prob` of 0: what
    is never kept is never judged.
    """
    check_columns("strata", strata, ("stratum", "size", "rate", "kept_prob"))
    check_whole("strata", strata, ("kept_prob",))
    lost = strata.filter((pl.col("kept_prob") <= 0) | (pl.col("kept_prob") > 1))
    if lost.height:
        raise MeasurementError(
            f"The stratum {lost['stratum'][0]} is kept with probability {lost['kept_prob'][0]}; "
            "wanted it in (0, 1]. Keep a share of every stratum (WATCHFLOOR_SAMPLE_RATE)."
        )
    if strata["size"].sum() == 0:
        return strata.with_columns(inclusion_prob=pl.lit(None, pl.Float64))
    wanted = allocate(strata, budget, floor=floor, uniform=uniform)
    return strata.with_columns(
        inclusion_prob=pl.min_horizontal(wanted["inclusion_prob"], "kept_prob")
    ).with_columns(pl.when(pl.col("size") > 0).then("inclusion_prob").alias("inclusion_prob"))


def draw_units(units: pl.DataFrame, strata: pl.DataFrame, *, seed: str) -> pl.DataFrame:
    """The drawn of units[unit, stratum, kept_prob], with `inclusion_prob`, in order of `unit`.

    `strata` as `chances` gives them. A unit is drawn if its keyed hash is under inclusion_prob /
    kept_prob: nothing but its name, the seed and that ratio decides, and neither order nor
    repetition matters. How many are drawn differs from the budget by chance, about as its root.
    Raises MeasurementError for a unit in two strata, more units than the stratum has, and an
    empty seed.
    """
    check_columns("units", units, ("unit", "stratum", "kept_prob"))
    check_whole("units", units, ("unit", "stratum", "kept_prob"))
    if not seed:
        raise MeasurementError("The seed of the draw is empty; set WATCHFLOOR_SAMPLE_SEED.")
    known = units.select("unit", "stratum", "kept_prob").unique().sort("unit")
    if known["unit"].is_duplicated().any():
        raise MeasurementError(
            "A unit is in two strata, or kept with two probabilities; wanted one. Count again."
        )
    counted = known.group_by("stratum").agg(kept=pl.len().cast(pl.Int64))
    whole = counted.join(strata, on="stratum", how="left")
    more = whole.filter(pl.col("size").is_null() | (pl.col("kept") > pl.col("size")))
    if more.height:
        raise MeasurementError(
            f"{more['kept'][0]} units of the stratum {more['stratum'][0]} were kept of "
            f"{more['size'][0] or 0}; wanted no more than there are. Count again."
        )
    chosen = known.join(strata.select("stratum", "inclusion_prob"), on="stratum")
    places = [place(unit, seed) for unit in chosen["unit"]]
    under = pl.Series(places, dtype=pl.Float64) * chosen["kept_prob"] < chosen["inclusion_prob"]
    return chosen.filter(under).select("unit", "stratum", "inclusion_prob").sort("unit")
