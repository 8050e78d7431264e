"""Precision and recall of a backtest on units that people have labelled.

A unit is an entity, or an entity in a window of time where the labels say so. What has no label
is missing, not negative: precision is of the labelled units that were flagged, recall of the
labelled positive ones. Neither is the truth about all unless the labels are a random sample.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from scipy.stats import beta

from monitors.columns import TIMESTAMP, schema
from monitors.evaluate import Span
from orchestration.backtest import BacktestError

LABELS = schema(
    {"entity": pl.String, "label": pl.Boolean, "window_start": TIMESTAMP, "window_end": TIMESTAMP}
)
UNIT = ["entity", "window_start", "window_end"]
LEVEL = 0.95


def read_labels(path: Path) -> pl.DataFrame:
    """One row per labelled unit from Parquet or CSV, with the columns of LABELS.

    `label` is a Boolean, or 0 and 1; a row with a null label or entity is no label. Windows may be
    left out; times without a zone are UTC. Raises BacktestError for a file that is not that, or
    that labels one unit both ways.
    """
    rows = _read(path)
    missing = [name for name in ("entity", "label") if name not in rows.columns]
    if missing or ("window_start" in rows.columns) != ("window_end" in rows.columns):
        raise BacktestError(
            f"'{path.name}' has the columns {rows.columns}; wanted entity and label, and both or "
            "neither of window_start and window_end."
        )
    labels = rows.select(
        pl.col("entity").cast(pl.String), _label(rows, path), *_windows(rows, path)
    ).drop_nulls(["entity", "label"])
    unique = labels.unique(maintain_order=True)
    twice = unique.filter(pl.struct(UNIT).is_duplicated()).height // 2
    if twice:
        raise BacktestError(
            f"'{path.name}' labels {twice} units both true and false; keep one label each."
        )
    return unique


def in_span(labels: pl.DataFrame, span: Span) -> pl.DataFrame:
    """The labels that a backtest of the span can speak to: those whose window overlaps it."""
    overlaps = (pl.col("window_start") < span.end) & (pl.col("window_end") > span.start)
    return labels.filter(pl.col("window_start").is_null() | overlaps)


def quality(
    labels: pl.DataFrame, scores: pl.DataFrame, thresholds: Sequence[float]
) -> pl.DataFrame:
    """One row per threshold: precision and recall with their counts and exact 95 % intervals.

    `flagged` labelled units have a score at or over the threshold in a window that overlaps their
    own, `true` ones of them are labelled so; `positives` is how many could be caught.
    `unlabelled` entities were flagged and have no label. Null where nothing was counted.
    """
    units = _scored(labels, scores)
    positives = units.filter(pl.col("label"))["score"]
    peaks = scores.join(labels, on="entity", how="anti").group_by("entity")
    unlabelled = peaks.agg(pl.col("score").max())["score"]
    rows = []
    for threshold in thresholds:
        flagged = int((units["score"] >= threshold).sum())
        true = int((positives >= threshold).sum())
        precision, recall = share(true, flagged), share(true, len(positives))
        rows.append(
            {
                "threshold": threshold,
                "flagged": flagged,
                "true": true,
                **_named("precision", precision),
                "positives": len(positives),
                **_named("recall", recall),
                "unlabelled": int((unlabelled >= threshold).sum()),
            }
        )
    shares = [f"{name}{end}" for name in ("precision", "recall") for end in ("", "_low", "_high")]
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(shares, pl.Float64))


def share(k: int, n: int) -> tuple[float, float, float] | None:
    """Share of k in n, with the two-sided exact 95 % interval (Clopper and Pearson, 1934).

    None where n is 0.
    """
    if n == 0:
        return None
    tail = (1 - LEVEL) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return k / n, low, high


def _scored(labels: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """One row per labelled unit with its highest score; null where it has none."""
    numbered = labels.with_row_index("unit")
    own = scores.rename({"window_start": "start", "window_end": "end"})
    overlaps = (pl.col("start") < pl.col("window_end")) & (pl.col("end") > pl.col("window_start"))
    peaks = (
        numbered.join(own, on="entity")
        .filter(pl.col("window_start").is_null() | overlaps)
        .group_by("unit")
        .agg(pl.col("score").max())
    )
    return numbered.join(peaks, on="unit", how="left")


def _named(name: str, found: tuple[float, float, float] | None) -> dict[str, float | None]:
    value, low, high = found or (None, None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _read(path: Path) -> pl.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, schema_overrides={"entity": pl.String})
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BacktestError(
            f"'{path.name}' cannot be read as Parquet or CSV ({type(error).__name__})."
        ) from error


def _label(rows: pl.DataFrame, path: Path) -> pl.Expr:
    dtype = rows["label"].dtype
    binary = dtype.is_integer() and rows["label"].drop_nulls().is_in([0, 1]).all()
    if not (binary or dtype in {pl.Boolean, pl.Null}):
        raise BacktestError(
            f"'{path.name}' has a column label that is {dtype}; wanted true and false, or 1 and 0."
        )
    return pl.col("label").cast(pl.Boolean)


def _windows(rows: pl.DataFrame, path: Path) -> list[pl.Expr]:
    names = ("window_start", "window_end")
    if names[0] not in rows.columns:
        return [pl.lit(None, TIMESTAMP).alias(name) for name in names]
    return [_time(rows, name, path) for name in names]


def _time(rows: pl.DataFrame, name: str, path: Path) -> pl.Expr:
    dtype, column = rows[name].dtype, pl.col(name)
    if dtype == pl.String:
        try:
            utc = rows[name].str.to_datetime(time_unit="us", time_zone="UTC")
        except pl.exceptions.PolarsError as error:
            raise BacktestError(
                f"'{path.name}' has times in {name} that cannot be read; write 2026-03-01T09:00Z."
            ) from error
        return pl.lit(utc).alias(name)
    if dtype == pl.Null:
        return column.cast(TIMESTAMP)
    if not isinstance(dtype, pl.Datetime):
        raise BacktestError(f"'{path.name}' has {name} as {dtype}; wanted a time.")
    zoned = column.dt.replace_time_zone("UTC") if dtype.time_zone is None else column
    return zoned.dt.convert_time_zone("UTC").cast(TIMESTAMP)
