"""How many units of each stratum to have judged."""

import numpy as np
import polars as pl

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import check_columns, check_whole
from orchestration.measurement.simulation import Counts, Floats

FLOOR, SLICE = 30, 0.1
FAINT = 1e-9  # a pull so much weaker than the strongest is none


def allocate(
    strata: pl.DataFrame, total: int, *, floor: int = FLOOR, uniform: float = SLICE
) -> pl.DataFrame:
    """Share `total` judgements out over strata[stratum, size, rate]; a row of each stratum.

    First a `uniform` share of them is drawn from all units alike, so that nothing goes unseen
    however wrong the strata are. The rest is `targeted`: at least `floor` (or all) of each
    stratum, and beyond in proportion to N sqrt(p (1 - p)) (Neyman, 1934), never more than there
    are. `rate` is a guess of p; null reads 0.5, which asks for most. `uniform_prob` is the chance
    of the first draw, `inclusion_prob` that of either: 1 - (1 - uniform_prob)(1 - targeted / N).
    Record it with each unit; a unit that both draws hit is judged once.

    With as many judgements as units, all are drawn. A stratum without units gets none and the
    probability null. Raises MeasurementError where the floors need more than there is, for a
    uniform share outside (0, 1), and for sizes and rates that cannot be.
    """
    size, rate = _checked(strata, total, floor, uniform)
    slice_ = min(max(1, round(total * uniform)), int(size.sum()))
    rest = min(total - slice_, int(size.sum()))
    least = np.minimum(size, floor)
    if least.sum() > rest:
        raise MeasurementError(
            f"The floors need {least.sum()} judgements and {slice_} are for the uniform slice; "
            f"there are {total}. Plan for {least.sum() + slice_}, lower the floor, or join strata."
        )
    pull: Floats = size.astype(np.float64) * np.sqrt(rate * (1 - rate))
    targeted = _neyman(size, least, np.where(pull > pull.max() * FAINT, pull, 0.0), rest)
    if total >= size.sum():
        targeted = size
    first = slice_ / size.sum()
    either = 1 - (1 - first) * (1 - targeted / np.maximum(size, 1))
    found = strata.with_columns(targeted=targeted, uniform_prob=first, inclusion_prob=either)
    return found.with_columns(
        pl.when(pl.col("size") > 0).then(pl.col("uniform_prob", "inclusion_prob"))
    )


def _checked(strata: pl.DataFrame, total: int, floor: int, uniform: float) -> tuple[Counts, Floats]:
    check_columns("strata", strata, ("stratum", "size", "rate"))
    check_whole("strata", strata, ("stratum", "size"))
    if strata["stratum"].is_duplicated().any():
        raise MeasurementError("A stratum is given twice; add its rows up.")
    size = strata["size"].cast(pl.Int64).to_numpy()
    rate = strata["rate"].cast(pl.Float64).fill_null(0.5).to_numpy()
    if size.sum() <= 0 or (size < 0).any():
        raise MeasurementError("The strata have no units, or fewer than none; wanted some. Count.")
    if not ((rate >= 0) & (rate <= 1)).all():
        raise MeasurementError("A stratum's rate is not in 0 to 1; give a share, or null.")
    if not 0 < uniform < 1 or floor < 1 or total < 1:
        raise MeasurementError(
            f"total {total}, floor {floor}, uniform {uniform} were given; wanted at least one "
            "judgement, at least one of each stratum, and a uniform share within 0 and 1."
        )
    return size, rate


def _neyman(size: Counts, least: Counts, pull: Floats, rest: int) -> Counts:
    """Whole numbers between `least` and `size`, in proportion to `pull` where these leave room."""
    low, high = 0.0, float((size / np.where(pull > 0, pull, np.inf)).max()) + 1
    for _ in range(100):  # halving: the shares grow with the factor
        factor = (low + high) / 2
        few = np.clip(factor * pull, least, size).sum() < rest
        low, high = (factor, high) if few else (low, factor)
    exact = np.clip(high * pull, least, size)
    whole = np.floor(exact + 1e-9).astype(np.int64)
    for place in np.argsort(whole - exact, kind="stable"):  # the largest remainders first
        if whole.sum() < rest and whole[place] < size[place]:
            whole[place] += 1
    # Strata without spread may be all that is left.
    for place in np.argsort(-(size - whole), kind="stable"):
        whole[place] += min(size[place] - whole[place], max(0, rest - whole.sum()))
    return whole
