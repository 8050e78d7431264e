"""Rings as connected components of members who share values."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from monitors.detectors._links import Places, distinct, first_connected, firsts

FINE = 1_000_000  # weights are added up as whole millionths, so that no order of adding matters


def ringed(shared: pl.LazyFrame, *, weights: Sequence[float], minimum: float) -> pl.LazyFrame:
    """One row per cell and member of a ring: `ring`, and the ring's `ties` and `attributes`.

    `shared` has one row per cell, `kind` (place of its weight) and value, with the list of those
    who have it (`entity`). `ring` is a number that means nothing beyond being the same.
    """
    given = dict(shared.explode("entity").select("cell", "entity").collect_schema())
    numbers = dict.fromkeys(("ring", "ties", "attributes"), pl.Int64())
    fine = np.array([round(weight * FINE) for weight in weights], np.int64)

    def find(shared: pl.DataFrame) -> pl.DataFrame:
        return _rings(shared, fine, round(minimum * FINE))

    return shared.map_batches(find, schema={**given, **numbers})


def _rings(shared: pl.DataFrame, weights: Places, minimum: int) -> pl.DataFrame:
    had = shared.with_row_index("value").explode("entity")
    members = had.select("cell", "entity").unique().with_row_index("place")
    had = had.join(members, on=["cell", "entity"]).sort("value", "place")
    value, place = (had[name].cast(pl.Int64).to_numpy() for name in ("value", "place"))
    one, other = _ties(value, place, had["kind"].to_numpy(), weights, minimum)
    ring = first_connected(one, other, members.height)
    ties = np.bincount(ring[one], minlength=members.height)
    values = _shared_values(value, ring[place], members.height)
    return members.select(
        "cell",
        "entity",
        ring=pl.Series(ring, dtype=pl.Int64),
        ties=pl.Series(ties[ring], dtype=pl.Int64),
        attributes=pl.Series(values[ring], dtype=pl.Int64),
    ).filter(pl.col("ties") > 0)


def _ties(
    value: Places, place: Places, kind: Places, weights: Places, minimum: int
) -> tuple[Places, Places]:
    """Pairs of members tied by the kinds that they share, each kind counted once."""
    size, kinds = int(place.max(initial=0)) + 1, len(weights)
    keys = [np.empty(0, np.int64)]
    for step in range(1, len(value)):
        same = np.flatnonzero(value[step:] == value[:-step])
        if not len(same):
            break  # rows are in order of value: no longer step meets two of one value either
        keys.append((place[same] * size + place[same + step]) * kinds + kind[same])
    pairs, by = np.divmod(distinct(np.concatenate(keys)), kinds)
    if not len(pairs):
        return pairs, pairs
    begins = np.flatnonzero(firsts(pairs))
    tied = np.add.reduceat(weights[by], begins) >= minimum
    one, other = np.divmod(pairs[begins][tied], size)
    return one, other


def _shared_values(value: Places, ring: Places, size: int) -> Places:
    """Number of values that at least two members of a ring have, by the ring's oldest member."""
    keys = np.sort(value * size + ring)
    begins = np.flatnonzero(firsts(keys))
    several = np.diff(begins, append=len(keys)) > 1
    return np.bincount(keys[begins][several] % size, minlength=size)
