"""Detector `combination`: one score from several weak signals, with what each contributed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import polars as pl

from monitors.errors import MonitorError

WINDOW = ("window_start", "window_end")
TAKEN = {*WINDOW, "score", "known"}
ROUNDING = 1e-9  # shares of weight are sums of fractions: .1 + .2 is not quite .3


@dataclass(frozen=True, slots=True)
class Signal:
    """How much a signal counts: nothing up to `from_`, its whole `weight` from `full_at` on.

    In between the strength grows evenly from 0 to 1. With `full_at` below `from_`, low values are
    the suspicious ones. Raises MonitorError when the weight is not greater than nothing or the
    two ends are equal or infinite.
    """

    weight: float
    full_at: float
    from_: float = 0.0

    def __post_init__(self) -> None:
        if not (isfinite(self.weight) and self.weight > 0):
            raise MonitorError(f"'weight' is {self.weight}; give one greater than nothing.")
        if not (isfinite(self.full_at) and isfinite(self.from_)) or self.full_at == self.from_:
            raise MonitorError(
                f"A signal from {self.from_} to {self.full_at} has no scale; give two numbers."
            )

    def strength(self, column: str) -> pl.Expr:
        """From 0 to 1; null where the signal is null or NaN."""
        value = pl.col(column).cast(pl.Float64).fill_nan(None)
        return ((value - self.from_) / (self.full_at - self.from_)).clip(0, 1)


def combination(
    signals: pl.LazyFrame,
    *,
    entity: str | Sequence[str],
    weights: Mapping[str, Signal],
    minimum_known: float = 0.5,
    renormalise: bool = False,
) -> pl.LazyFrame:
    """Weighted sum of the strengths of several signals of one entity and window.

    One row per entity and window. `signals` has the entity, window_start, window_end and a column
    for each of `weights`, as `aligned` gives them. Score is the sum of weight * strength over the
    signals that are not null, so an unknown signal adds nothing; with `renormalise` it is divided
    by the share of weight that is known, as if unknown signals were as strong as the known ones on
    average. Null where that share is under `minimum_known`, or is 0. Evidence: `known`, the share
    from 0 to 1; `contribution_<signal>`, which sum to the score, null where the signal or the score
    is.

    Overlap: windows are those of the signals. Zero history: none is needed. Keys never seen: no
    row. Empty input: no rows. Duplicates: of rows that share entity and window the strongest value
    of each signal counts. Late rows raise the score where they raise the signals, without
    `renormalise`. Source: a linear opinion pool, as in scorecards (Siddiqi, 2006). Raises
    MonitorError when there are no weights, when a signal has the name of a column of the answer,
    and when `minimum_known` is not from 0 to 1.
    """
    keys = [entity] if isinstance(entity, str) else list(entity)
    _check(weights, {*keys, *TAKEN}, minimum_known)
    total = sum(signal.weight for signal in weights.values())
    strengths = signals.filter(_present([*keys, *WINDOW])).select(
        *keys, *WINDOW, *(signal.strength(name).alias(name) for name, signal in weights.items())
    )
    windows = strengths.group_by(*keys, *WINDOW).agg(pl.col(*weights).max())
    known = pl.sum_horizontal(
        pl.when(pl.col(name).is_not_null()).then(signal.weight / total).otherwise(0.0)
        for name, signal in weights.items()
    ).clip(0, 1)
    enough = (pl.col("known") > 0) & (pl.col("known") >= minimum_known - ROUNDING)
    share = pl.col("known") if renormalise else pl.lit(1.0)
    told = windows.with_columns(known=known)
    parts = [
        pl.when(enough).then(pl.col(name) * signal.weight / share).alias(f"contribution_{name}")
        for name, signal in weights.items()
    ]
    names = [f"contribution_{name}" for name in weights]
    return told.with_columns(parts).select(
        *keys,
        pl.when(enough).then(pl.sum_horizontal(names)).cast(pl.Float64).alias("score"),
        *(*WINDOW, "known", *names),
    )


def aligned(*, entity: str | Sequence[str], **scores: pl.LazyFrame) -> pl.LazyFrame:
    """Put the scores of several detectors side by side, each in a column of its own name.

    One row per entity and end of window that any of them has; null where a detector has no row or
    no score. Detectors on one grid end their windows together and look back differently far, so
    windows are matched by their end, and window_start is the earliest. Where a detector has
    several rows for an entity and end, the highest score is taken. Raises MonitorError when no
    scores are given or a name is taken.
    """
    keys = [entity] if isinstance(entity, str) else list(entity)
    _check(scores, {*keys, *TAKEN}, 1)
    each = [
        frame.select(*keys, *WINDOW, pl.col("score").cast(pl.Float64).alias(name))
        for name, frame in scores.items()
    ]
    rows = pl.concat(each, how="diagonal").filter(_present([*keys, "window_end"]))
    return (
        rows.group_by(*keys, "window_end")
        .agg(pl.col("window_start").min(), pl.col(*scores).max())
        .select(*keys, *WINDOW, *scores)
    )


def _present(columns: Sequence[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(column).is_not_null() for column in columns)


def _check(names: Mapping[str, object], taken: set[str], minimum_known: float) -> None:
    if not names:
        raise MonitorError("There is no signal to combine; name at least one.")
    if wrong := sorted(taken & set(names)):
        raise MonitorError(f"The signals {wrong} have names of other columns; rename them.")
    if not 0 <= minimum_known <= 1:
        raise MonitorError(f"'minimum_known' is {minimum_known}; give a share from 0 to 1.")
