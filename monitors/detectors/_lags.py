"""Medians of a series' values at earlier places, for detectors with a season.

A place is a whole number: a bucket's place on its entity's time axis, shifted so that no two
entities come within reach of each other. Places may have holes.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
AT_ONCE = 1 << 16  # rows whose samples are held in memory together


class Axis:
    """Places of rows, sorted by entity and time, and where each place is found again.

    Of rows with one place, such as the hour that daylight saving repeats, the first is found: the
    second lies in the future of the rows between them.
    """

    def __init__(self, places: Integers, codes: Integers) -> None:
        firsts = np.unique(codes, return_index=True)[1]
        self._wanted, self._begin = places, places[firsts][codes]
        self._places, self._first = np.unique(places, return_index=True)
        self._own = np.searchsorted(self._places, places)

    def median(self, values: Floats, lags: Sequence[int], minimum: int) -> Floats:
        """Median of the values at each lag before each row; NaN where under `minimum` are there."""
        medians = np.full(len(values), np.nan)
        found = values[self._first]
        for start in range(0, len(values) if lags else 0, AT_ONCE):
            part = slice(start, start + AT_ONCE)
            samples = np.stack([self._at(found, part, lag) for lag in lags], axis=1)
            medians[part] = _median(samples, minimum)
        return medians

    def largest(self, values: Floats, lags: Sequence[int], rank: int) -> Floats:
        """The value of a rank, 1 the largest, among those at each lag; 0 where there are fewer."""
        ranked = np.zeros(len(values))
        found = values[self._first]
        for start in range(0, len(values), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            samples = np.stack([self._at(found, part, lag) for lag in lags], axis=1)
            ranked[part] = np.sort(np.nan_to_num(samples), axis=1)[:, -rank]
        return ranked

    def _at(self, found: Floats, part: slice, lag: int) -> Floats:
        wanted = self._wanted[part] - lag
        last = len(self._places) - 1
        rows = np.clip(self._own[part] - lag, 0, last)
        miss = np.flatnonzero((self._places[rows] != wanted) & (wanted >= self._begin[part]))
        rows[miss] = np.minimum(np.searchsorted(self._places, wanted[miss]), last)
        return np.where(self._places[rows] == wanted, found[rows], np.nan)


def _median(samples: Floats, minimum: int) -> Floats:
    ordered = np.sort(samples, axis=1)
    count = np.isfinite(ordered).sum(axis=1, keepdims=True)
    lower = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=1)
    upper = np.take_along_axis(ordered, np.minimum(count // 2, samples.shape[1] - 1), axis=1)
    medians: Floats = np.where(count >= minimum, (lower + upper) / 2, np.nan)[:, 0]
    return medians
