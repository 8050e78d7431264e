"""Detector `isolation_forest`: rows of behaviour that stand apart from all recent ones."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.activity import MAD_TO_SIGMA
from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, windows
from monitors.errors import MonitorError

DAY = timedelta(days=1)
SAMPLE = 20_000  # past rows that a score is ranked among; more cost time and tell little
AROUND = 0.01  # share of rows drawn around training's: more isolate the new, and blur the known
FARTHEST = 3
SEED = 0
Floats = NDArray[np.float32]
EVIDENCE: dict[str, pl.DataType | type[pl.DataType]] = {
    "score": pl.Float64,
    "isolation": pl.Float64,
    "trained_on": pl.Int64,
    "farthest": pl.List(pl.Struct({"feature": pl.String, "z": pl.Float64})),
}


def isolation_forest(
    features: pl.LazyFrame,
    *,
    entity: str,
    columns: Sequence[str],
    look_back: timedelta,
    minimum: int = 500,
    retrain: timedelta = DAY,
    trees: int = 100,
    time: str = "hour",
    grid: timedelta = HOUR,
) -> pl.LazyFrame:
    """Score how few recent rows, of any entity, stood apart from the rest as far as this one.

    One row per entity and bucket of length `grid`; `features` has the numbers in `columns` for
    each of them, such as an activity's sums. One forest a `retrain` period (a multiple of `grid`,
    aligned to the UTC epoch) is trained on the rows of the `look_back` before that period, and
    scores the rows in it: nothing is compared with itself. Score is log10((1 + n) / (1 + k)),
    where k of n training rows are at least as isolated: 2 is one in a hundred. It is never more
    than log10(1 + n), about 4.3, as at most 20,000 rows are kept, evenly spaced in order of their
    values; `isolation` puts rows of equal score in order. Null for a row with a null or infinite
    feature, which is not trained on either, and under `minimum` training rows. Numbers are taken
    as sign(x) log(1 + |x|), so that a heavy tail is not isolated merely by its length. A forest
    sees nothing beyond the range it was trained on, so a hundredth of rows drawn evenly from around
    that range is trained on too, and not ranked among: what no row ever did is isolated soon.
    Evidence: `isolation`, from 0 to 1; `trained_on`, rows of the look-back; `farthest`, the three
    features farthest from the training median, with their robust z on that log scale.

    Overlap: buckets do not overlap. Zero history: null. Keys never seen: scored like others, since
    the history is everybody's. Empty input: no rows. Duplicates: of rows that share entity and
    bucket the most isolated is kept, and all are trained on. Late rows move scores of later
    periods. Source: Liu, Ting and Zhou, Isolation Forest (ICDM 2008), with their 256 rows a tree;
    one fixed seed. Raises MonitorError when `columns` is empty or `retrain` cuts buckets apart.
    """
    require_positive(look_back=look_back, minimum=minimum, retrain=retrain, trees=trees, grid=grid)
    if not columns:
        raise MonitorError("'isolation_forest' got no columns; name the features to judge by.")
    if retrain % grid:
        raise MonitorError(f"'retrain' is {retrain}; give a multiple of the grid, {grid}.")
    named = [_log(pl.col(name)).alias(f"f{i}") for i, name in enumerate(columns)]
    rows = rows_of(features, entity=entity, time=time, of=pl.struct(named)).unnest("of")
    period = pl.col("time").dt.truncate(retrain).alias("period")
    placed = rows.select("entity", cell(grid), period, pl.exclude("entity", "time"))
    schema = {**placed.collect_schema(), **EVIDENCE}
    rate = partial(_rated, names=columns, look_back=look_back, minimum=minimum, trees=trees)
    rated = placed.map_batches(rate, schema=schema)
    order = pl.col("isolation", "^f[0-9]+$")
    best = rated.sort(order).unique(["entity", "cell"], keep="last", maintain_order=True)
    return windows(best.select("entity", "cell", *EVIDENCE), entity=entity, grid=grid)


def _log(feature: pl.Expr) -> pl.Expr:
    """Signed logarithm; null where the feature is not a finite number."""
    number = feature.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number.sign() * number.abs().log1p())


def _rated(
    rows: pl.DataFrame, *, names: Sequence[str], look_back: timedelta, minimum: int, trees: int
) -> pl.DataFrame:
    """Rows with score and evidence, one forest a period."""
    features = rows.columns[3:]
    past_rows = rows.drop_nulls(features)
    rated = [rows.head(0).with_columns(pl.lit(None, t).alias(c) for c, t in EVIDENCE.items())]
    for (period,), own in rows.partition_by("period", as_dict=True).items():
        begins = pl.lit(period, rows.schema["period"])
        past = past_rows.filter(pl.col("cell") >= begins - look_back, pl.col("cell") < begins)
        distinct = own.select(features).drop_nulls().unique()
        if past.height < minimum or distinct.is_empty():
            distinct = distinct.head(0)
        told = _told(distinct, past.select(features), names=names, trees=trees)
        found = own.join(told, on=features, how="left")
        rated.append(found.with_columns(trained_on=pl.lit(past.height, pl.Int64)))
    columns = rated[0].columns
    return pl.concat([part.select(columns) for part in rated])


def _told(
    rows: pl.DataFrame, past: pl.DataFrame, *, names: Sequence[str], trees: int
) -> pl.DataFrame:
    """Score and evidence of each distinct row."""
    if rows.is_empty():
        return rows.with_columns(pl.lit(None, t).alias(c) for c, t in EVIDENCE.items())
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - slow to import

    # Sorted, so that neither order nor chunks of the rows choose the sample or the trees.
    every = past.sort(past.columns)
    sample = every[np.linspace(0, past.height - 1, min(past.height, SAMPLE)).astype(int)]
    train, wanted = sample.to_numpy().astype(np.float32), rows.to_numpy().astype(np.float32)
    forest = IsolationForest(n_estimators=trees, random_state=SEED)
    forest.fit(np.vstack([train, _around(train)]))
    usual, isolation = np.sort(-forest.score_samples(train)), -forest.score_samples(wanted)
    isolated = len(usual) - np.searchsorted(usual, isolation, side="left")
    return rows.with_columns(
        pl.Series("score", np.log10((1 + len(usual)) / (1 + isolated))),
        pl.Series("isolation", isolation),
        _farthest(wanted, train, names),
    )


def _around(train: Floats) -> Floats:
    """Rows drawn evenly from the box of the training rows, widened by its size on every side."""
    low, high = train.min(axis=0), train.max(axis=0)
    margin = np.maximum(high - low, 1.0)  # at least a factor of e, for features that never vary
    rows = max(1, round(len(train) * AROUND))
    drawn = np.random.default_rng(SEED).uniform(low - margin, high + margin, (rows, train.shape[1]))
    return drawn.astype(np.float32)


def _farthest(rows: Floats, train: Floats, names: Sequence[str]) -> pl.Series:
    """The features farthest from the training median, farthest first."""
    median = np.median(train, axis=0)
    mad = MAD_TO_SIGMA * np.median(np.abs(train - median), axis=0)
    deviation = np.std(train, axis=0)
    # Over half of a sparse feature is equal: its MAD is 0; where all is equal, log units are left.
    scale = np.where(mad > 0, mad, np.where(deviation > 0, deviation, 1.0))
    z = (rows - median) / scale
    first = np.argsort(-np.abs(z), axis=1, kind="stable")[:, :FARTHEST]
    far = pl.DataFrame(
        {
            "feature": pl.Series(list(names), dtype=pl.String).gather(first.ravel()),
            "z": np.take_along_axis(z, first, axis=1).ravel().astype(np.float64),
        }
    )
    return far.to_struct("farthest").reshape((-1, first.shape[1])).arr.to_list()
