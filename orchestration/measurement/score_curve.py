"""Precision, recall and how much is flagged, were a monitor's threshold elsewhere. Pure."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from orchestration.measurement import simulation
from orchestration.measurement.estimates import CONFIDENCE, tail_of
from orchestration.measurement.quality import LEAST
from orchestration.measurement.rates import share_ends
from orchestration.measurement.recall import interval
from orchestration.measurement.simulation import Floats
from orchestration.measurement.weighted_strata import effective

SEED, DRAWS = 6, 4_000
MEASURED, FEW = "measured", "insufficient"
CURVE = pl.Schema(
    {
        "threshold": pl.Float64(),
        **dict.fromkeys(("precision", "precision_lower", "precision_upper"), pl.Float64()),
        **dict.fromkeys(("recall", "recall_lower", "recall_upper"), pl.Float64()),
        **dict.fromkeys(("flagged_a_day", "flagged_lower", "flagged_upper"), pl.Float64()),
        "n": pl.Int64(),
        "state": pl.String(),
    }
)


def at_threshold(
    judged: pl.DataFrame, strata: dict[str, float], at: float, days: float
) -> dict[str, object]:
    """One row of CURVE: what units[score, value, weight, stratum] say of a threshold."""
    above = judged.filter(pl.col("score") >= at)
    row: dict[str, object] = {"threshold": at, "n": above.height, "state": FEW}
    row |= _alerts(judged, strata, at, days)
    if above.height < LEAST:
        return row
    y, w = above["value"].cast(pl.Float64).to_numpy(), above["weight"].to_numpy()
    sums = [np.array(part) for part in (w.sum(), (w**2).sum(), w @ y, (w**2) @ y)]
    whole, squares, hits, hit_squares = sums
    tail = tail_of(CONFIDENCE)
    share, _, upper, _ = share_ends(whole, squares, hits, hit_squares, tail)
    lower = share_ends(whole, squares, hits, hit_squares, 2 * tail)[1]  # all of it at one end
    row |= {"precision": float(share), "precision_lower": float(lower), "state": MEASURED}
    return row | {"precision_upper": float(upper)} | _recall(judged, strata, at)


def _alerts(
    judged: pl.DataFrame, strata: dict[str, float], at: float, days: float
) -> dict[str, object]:
    """How many windows a day are at or above, over strata with an interval each."""
    flags = judged.with_columns(value=pl.col("score") >= at)
    size, n, k = _cells(flags, strata)
    low, high = simulation.totals(size, n, k, DRAWS, np.random.default_rng(SEED))
    lower, upper = simulation.ends(low.sum(axis=1), high.sum(axis=1), tail_of(CONFIDENCE))
    value = float((size * k / np.maximum(n, 1)).sum())
    names = ("flagged_a_day", "flagged_lower", "flagged_upper")
    return dict(zip(names, (value / days, lower / days, upper / days), strict=True))


def _recall(judged: pl.DataFrame, strata: dict[str, float], at: float) -> dict[str, object]:
    sides = []
    for caught in (True, False):
        inside = (pl.col("score") >= at) == caught
        there = set(judged.filter(inside)["stratum"])
        mine = judged.filter(pl.col("stratum").is_in(there)).with_columns(
            value=pl.col("value") & inside
        )
        sides.append(
            (caught, _cells(mine, {name: strata[name] for name in strata if name in there}))
        )
    flagged = np.concatenate([np.full(len(size), caught) for caught, (size, _, _) in sides])
    size, n, k = (np.concatenate([cells[part] for _, cells in sides]) for part in range(3))
    each = size * k / np.maximum(n, 1)
    if not each.sum() or flagged.all():
        return {}
    low, high = simulation.totals(size, n, k, DRAWS, np.random.default_rng(SEED))
    lower, upper = interval(low, high, flagged, tail_of(CONFIDENCE))
    value = float(each[flagged].sum() / each.sum())
    return {"recall": value, "recall_lower": float(lower), "recall_upper": float(upper)}


def _cells(units: pl.DataFrame, strata: Mapping[str, float]) -> tuple[Floats, Floats, Floats]:
    """Sizes, effective numbers of units, and of those with a true value, of each stratum."""
    rows = []
    for name, size in strata.items():
        mine = units.filter(pl.col("stratum") == name)
        y, w = mine["value"].cast(pl.Float64).to_numpy(), mine["weight"].to_numpy()
        rows.append((size, *effective(y, w)))
    cells: Floats = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return cells[:, 0], cells[:, 1], cells[:, 2]
