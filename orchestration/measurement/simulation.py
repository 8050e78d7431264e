"""Totals of strata, simulated from what was found in a sample of each."""

import numpy as np
import numpy.typing as npt
import polars as pl

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import check_columns, check_whole

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.int64 | np.float64]  # counts, or effective counts of weighted units
DRAWS = 20_000
METHOD = "stratified, Jeffreys-Beta simulation"
PARTS = ("size", "n", "k")


def shares(k: Amounts, n: Amounts, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Simulated true shares for the lower and the upper end of an interval, on a first new axis.

    Beta(k + 1/2, n - k + 1/2), the posterior of Jeffreys' prior. Where k is 0 that is too sure:
    its 95 % intervals cover down to 84 %. There the lower end takes 0 and the upper Beta(1, n), as
    Brown, Cai and DasGupta (2001) mend the interval of one share; k = n is its mirror image.
    """
    posterior = rng.beta(k + 0.5, n - k + 0.5, (draws, *k.shape))
    edge = rng.beta(1, np.maximum(n, 1), (draws, *k.shape))
    none, every = k == 0, k == n
    low = np.where(none, 0.0, np.where(every, 1 - edge, posterior))
    high = np.where(every, 1.0, np.where(none, edge, posterior))
    return low, high


def totals(
    size: Amounts, n: Amounts, k: Amounts, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Simulated positives of strata, for a lower and an upper end: N p, and k where all are judged.

    A stratum judged in part gets no correction for its size: too wide rather than too narrow.
    """
    low, high = shares(k, n, draws, rng)
    judged = n == size
    return np.where(judged, k, size * low), np.where(judged, k, size * high)


def ends(low: Floats, high: Floats, tail: float) -> tuple[Floats, Floats]:
    """The interval, over the first axis, that leaves half of `tail` out at each end."""
    return np.quantile(low, tail / 2, axis=0), np.quantile(high, 1 - tail / 2, axis=0)


def strata_of(strata: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Check strata[stratum, size, n, k]: n of `size` units were judged, k of them positive.

    A stratum without units stays and counts nothing. Raises MeasurementError where nobody looked
    into a stratum that has units, for a stratum twice, for no strata, and for counts that cannot
    be.
    """
    check_columns("strata", strata, ("stratum", *PARTS, *columns))
    check_whole("strata", strata, ("stratum", *PARTS, *columns))
    if strata.is_empty() or strata["size"].sum() == 0:
        raise MeasurementError("The strata have no units; wanted at least one. Give the frame.")
    for part in PARTS:
        if not strata[part].dtype.is_integer():
            raise MeasurementError(
                f"The strata's {part} is {strata[part].dtype}; wanted whole numbers. Cast it."
            )
    keyed = strata.with_columns(pl.col("stratum").cast(pl.String), pl.col(*PARTS).cast(pl.Int64))
    twice = keyed.filter(pl.col("stratum").is_duplicated())["stratum"].unique().sort()
    if twice.len():
        raise MeasurementError(f"The stratum {twice[0]} is given twice; add its rows up.")
    unlike = keyed.filter((pl.col("k") < 0) | (pl.col("k") > pl.col("n")))
    unlike = unlike.vstack(keyed.filter(pl.col("n") > pl.col("size")))
    if unlike.height:
        row = unlike.row(0, named=True)
        raise MeasurementError(
            f"The stratum {row['stratum']} has k = {row['k']}, n = {row['n']}, size = "
            f"{row['size']}; wanted 0 <= k <= n <= size. Count again."
        )
    unseen = keyed.filter((pl.col("n") == 0) & (pl.col("size") > 0))["stratum"]
    if unseen.len():
        raise MeasurementError(
            f"Nobody looked into the stratum {unseen[0]}; unreviewed is missing, not negative. "
            "Judge some of its units, or join it with another."
        )
    return keyed


def counts(strata: pl.DataFrame) -> tuple[Counts, Amounts, Amounts]:
    """The sizes, judged and positive units of checked strata."""
    size, n, k = (strata[part].to_numpy() for part in PARTS)
    return size, n, k


def variances(size: Counts, n: Amounts, k: Amounts) -> Floats:
    """Var of each stratum's total: N^2 (1 - n/N) p (1 - p) / (n - 1); of one unit as of two.

    Shares of variance are of these with p = (k + 1/2) / (n + 1), or no hits would weigh nothing.
    """
    p = k / np.maximum(n, 1)
    return _variance(size, n, p)


def weighed(size: Counts, n: Amounts, k: Amounts) -> Floats:
    """The variances of strata with a share that is never 0 or 1, (k + 1/2) / (n + 1)."""
    return _variance(size, n, (k + 0.5) / (n + 1))


def _variance(size: Counts, n: Amounts, p: npt.NDArray[np.floating]) -> Floats:
    rest = 1 - n / np.maximum(size, 1)
    made: Floats = size.astype(np.float64) ** 2 * rest * p * (1 - p) / np.maximum(n - 1, 1)
    return made
