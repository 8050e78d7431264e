"""Random draws that depend on a name alone, so that any part of a world can be made by itself."""

import hashlib

import numpy as np
import polars as pl
from numpy.typing import NDArray

Generator = np.random.Generator
Whole = NDArray[np.int64]
Real = NDArray[np.float64]
DIGITS = 10**11


def generator(seed: int, *names: object) -> Generator:
    """A generator of its own for each seed and names; the same wherever and whenever it is made."""
    text = "\x1f".join(str(part) for part in (seed, *names))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "big")))


def ids(rng: Generator, n: int, prefix: str) -> pl.Series:
    """`n` ids without order or meaning: the prefix and eleven digits. Ids do not repeat."""
    numbers = rng.integers(0, DIGITS, n)
    while len(kept := np.unique(numbers)) < n:
        numbers = np.concatenate([kept, rng.integers(0, DIGITS, n - len(kept))])
    if n > 1:
        numbers = rng.permutation(numbers)
    return pl.Series("id", numbers).cast(pl.String).str.zfill(11).str.replace("^", prefix)


def poisson_rows(rng: Generator, rates: Real) -> Whole:
    """Row numbers, each as often as a Poisson draw of its rate says, in order."""
    return np.repeat(np.arange(len(rates)), rng.poisson(rates))


def pick(rng: Generator, values: list[str], n: int, weights: Real | None = None) -> pl.Series:
    """`n` values drawn with replacement, evenly or by weight."""
    chances = None if weights is None else weights / weights.sum()
    return pl.Series(values, dtype=pl.String).gather(rng.choice(len(values), n, p=chances))


def lognormal(rng: Generator, n: int, *, median: float, spread: float) -> Real:
    """Positive numbers around a median; `spread` is the deviation of their logarithm."""
    return median * np.exp(spread * rng.standard_normal(n))
