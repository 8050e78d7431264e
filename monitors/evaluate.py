"""Scores to findings: threshold, near misses, a uniform sample and exact counts, in one pass."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from monitors.columns import TIMESTAMP, schema
from monitors.contract import Monitor
from monitors.errors import MonitorError
from monitors.finding_ids import finding_id, with_draw

FLAGGED, NEAR, BULK, NULL = "flagged", "near", "bulk", "null"
IDENTITY = ("entity", "window_start", "window_end", "subkey")
FINDINGS = schema(
    {
        "finding_id": pl.String,
        "monitor": pl.String,
        "version": pl.Int64,
        "product": pl.String,
        "harm": pl.String,
        "severity": pl.Int64,
        "entity_type": pl.String,
        "entity": pl.String,
        "subkey": pl.String,
        "window_start": TIMESTAMP,
        "window_end": TIMESTAMP,
        "score": pl.Float64,
        "threshold": pl.Float64,
        "evidence": pl.String,
    }
)
SAMPLES = schema(
    {
        "entity": pl.String,
        "subkey": pl.String,
        "window_start": TIMESTAMP,
        "window_end": TIMESTAMP,
        "score": pl.Float64,
        "stratum": pl.String,
        "inclusion_probability": pl.Float64,
        "uniform": pl.Boolean,
    }
)
COUNTS = schema({"partition": TIMESTAMP, "stratum": pl.String, "n": pl.Int64})


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open time span of the partitions under evaluation."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one monitor found in a span.

    `findings`: one row per finding. `samples`: one row per near miss and per row drawn uniformly,
    with its stratum and inclusion probability. `counts`: one row per partition and stratum.
    """

    findings: pl.DataFrame
    samples: pl.DataFrame
    counts: pl.DataFrame


def evaluate(
    monitor: Monitor, scores: pl.LazyFrame, span: Span, *, seed: str, rate: float
) -> Evaluation:
    """Apply the threshold to one row per entity and window, for windows that end in the span.

    `rate` is the uniform slice drawn from every stratum. A score that is not finite counts as
    null: not enough to tell. Raises MonitorError when the scores break the contract.
    """
    rows = _rows(monitor, scores, span, seed, rate)
    partition = (pl.col("window_end") - pl.duration(microseconds=1)).dt.truncate(monitor.every)
    counts = rows.group_by("stratum", partition=partition).agg(n=pl.len().cast(pl.Int64))
    kept = rows.filter(pl.col("stratum").is_in([FLAGGED, NEAR]) | pl.col("uniform"))
    kept_rows, counted = pl.collect_all([kept, counts], engine="streaming")
    kept_rows = kept_rows.sort(IDENTITY, nulls_last=True)
    _refuse_duplicates(monitor, kept_rows)
    return Evaluation(
        findings=_findings(monitor, kept_rows.filter(pl.col("stratum") == FLAGGED)),
        samples=kept_rows.with_columns(
            inclusion_probability=pl.when(pl.col("stratum").is_in([FLAGGED, NEAR]))
            .then(1.0)
            .otherwise(rate)
        )
        .filter((pl.col("stratum") != FLAGGED) | pl.col("uniform"))
        .select(SAMPLES.names())
        .cast(SAMPLES),
        counts=counted.select(COUNTS.names()).sort("partition", "stratum"),
    )


def _rows(
    monitor: Monitor, scores: pl.LazyFrame, span: Span, seed: str, rate: float
) -> pl.LazyFrame:
    schema = scores.collect_schema()
    wanted = {"score", "window_start", "window_end", monitor.entity}
    missing = sorted(wanted - set(schema))
    if missing:
        raise MonitorError(
            f"Monitor '{monitor.id}' returned no column {missing}; every monitor returns "
            f"'{monitor.entity}', 'score', 'window_start' and 'window_end'."
        )
    for name in ("window_start", "window_end"):
        if schema[name] != TIMESTAMP:
            raise MonitorError(
                f"Monitor '{monitor.id}' returned '{name}' as {schema[name]}; wanted {TIMESTAMP}."
            )
    score = pl.col("score").cast(pl.Float64)
    score = pl.when(score.is_finite()).then(score)
    evidence = [n for n in schema.names() if n not in {*wanted, "subkey"}]
    subkey = pl.col("subkey").cast(pl.String) if "subkey" in schema else pl.lit(None, pl.String)
    rows = scores.filter(
        pl.col("window_end") > span.start,
        pl.col("window_end") <= span.end,
        pl.col(monitor.entity).is_not_null(),
    ).select(
        pl.col("window_start", "window_end"),
        entity=pl.col(monitor.entity).cast(pl.String),
        subkey=subkey,
        score=score,
        evidence=pl.struct(evidence).struct.json_encode() if evidence else pl.lit("{}"),
    )
    drawn = with_draw(rows, seed=seed)
    return drawn.with_columns(stratum=_stratum(monitor), uniform=pl.col("draw") < rate)


def _stratum(monitor: Monitor) -> pl.Expr:
    return (
        pl.when(pl.col("score").is_null())
        .then(pl.lit(NULL))
        .when(pl.col("score") >= monitor.threshold)
        .then(pl.lit(FLAGGED))
        .when(pl.col("score") >= monitor.near)
        .then(pl.lit(NEAR))
        .otherwise(pl.lit(BULK))
    )


def _refuse_duplicates(monitor: Monitor, rows: pl.DataFrame) -> None:
    twice = rows.filter(pl.struct(IDENTITY).is_duplicated()).height
    if twice:
        raise MonitorError(
            f"Monitor '{monitor.id}' returned {twice} rows that share entity, window and subkey; "
            "return one row each, or tell them apart by 'subkey'."
        )


def _findings(monitor: Monitor, flagged: pl.DataFrame) -> pl.DataFrame:
    ids = [
        finding_id(
            monitor.id,
            monitor.version,
            monitor.entity,
            entity,
            window_start=start,
            window_end=end,
            subkey=subkey,
        )
        for entity, start, end, subkey in flagged.select(IDENTITY).iter_rows()
    ]
    return flagged.select(
        pl.Series("finding_id", ids, dtype=pl.String),
        monitor=pl.lit(monitor.name),
        version=pl.lit(monitor.version, pl.Int64),
        product=pl.lit(monitor.product),
        harm=pl.lit(str(monitor.harm)),
        severity=pl.lit(int(monitor.severity), pl.Int64),
        entity_type=pl.lit(monitor.entity),
        entity="entity",
        subkey="subkey",
        window_start="window_start",
        window_end="window_end",
        score="score",
        threshold=pl.lit(monitor.threshold, pl.Float64),
        evidence="evidence",
    ).cast(FINDINGS)
