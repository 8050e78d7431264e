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
SLACK = 1e-9  # of sums that floats have a little under a whole number
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

    `strata` as `chances` gives them. Of each stratum those with the least keyed hash are drawn, as
    many as make the probability true: K units of which each is to be drawn with p give K p, rounded
    up or down by a keyed hash too. So floors are met wherever all units are kept, neither order nor
    repetition matters, and nothing but names, seed and probabilities decides. A unit that was kept
    more often than the least of its stratum is passed over as often as makes it equal.

    Raises MeasurementError for a unit in two strata, more units than the stratum has, one that was
    kept less often than the stratum's least, and an empty seed.
    """
    if not seed:
        raise MeasurementError("The seed of the draw is empty; set WATCHFLOOR_SAMPLE_SEED.")
    known = _known(units, strata)
    equal = known["least"] / known["kept_prob"]
    passed = _places(known["unit"], f"{seed}/kept") < equal
    able = known.filter(passed).with_columns(place=_places(known.filter(passed)["unit"], seed))
    found = [able.clear()]
    for (stratum,), rows in able.sort("place", "unit").group_by("stratum", maintain_order=True):
        share = rows["inclusion_prob"][0] / rows["least"][0]
        n = int(rows.height * share + place(str(stratum), f"{seed}/size") + SLACK)
        found.append(rows.head(n))
    return pl.concat(found).select("unit", "stratum", "inclusion_prob").sort("unit")


def _known(units: pl.DataFrame, strata: pl.DataFrame) -> pl.DataFrame:
    """Each unit once, with its stratum's probability and least `kept_prob`, if all of it can be."""
    check_columns("units", units, ("unit", "stratum", "kept_prob"))
    check_whole("units", units, ("unit", "stratum", "kept_prob"))
    once = units.select("unit", "stratum", "kept_prob").unique().sort("unit")
    if once["unit"].is_duplicated().any():
        raise MeasurementError(
            "A unit is in two strata, or kept with two probabilities; wanted one. Count again."
        )
    counted = once.group_by("stratum").agg(
        kept=pl.len().cast(pl.Int64), seldom=pl.col("kept_prob").min()
    )
    whole = counted.join(strata, on="stratum", how="left").sort("stratum")
    more = whole.filter(pl.col("size").is_null() | (pl.col("kept") > pl.col("size")))
    if more.height:
        raise MeasurementError(
            f"{more['kept'][0]} units of the stratum {more['stratum'][0]} were kept of "
            f"{more['size'][0] or 0}; wanted no more than there are. Count again."
        )
    less = whole.filter(pl.col("seldom") < pl.col("kept_prob"))
    if less.height:
        raise MeasurementError(
            f"A unit of the stratum {less['stratum'][0]} was kept with {less['seldom'][0]}, and "
            f"the stratum says {less['kept_prob'][0]}; wanted the least there is. Give that."
        )
    of_each = strata.select("stratum", "inclusion_prob", least="kept_prob")
    return once.join(of_each, on="stratum", maintain_order="left")


def _places(units: pl.Series, seed: str) -> pl.Series:
    return pl.Series([place(unit, seed) for unit in units], dtype=pl.Float64)
