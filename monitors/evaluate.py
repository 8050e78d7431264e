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
    scored = _scored(monitor, scores, span).cache()
    kept = with_draw(scored, seed=seed).filter(
        (pl.col("score") >= monitor.near) | (pl.col("draw") < rate)
    )
    kept_rows, counted = pl.collect_all(
        [_labelled(monitor, kept, rate), _counts(monitor, scored)], engine="streaming"
    )
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
        counts=counted.sort("partition", "stratum"),
    )


def _scored(monitor: Monitor, scores: pl.LazyFrame, span: Span) -> pl.LazyFrame:
    """Scores of the span, with what was returned beside them packed as `evidence`."""
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
    evidence = [n for n in schema.names() if n not in {*wanted, "subkey"}]
    return scores.filter(
        pl.col("window_end") > span.start,
        pl.col("window_end") <= span.end,
        pl.col(monitor.entity).is_not_null(),
    ).select(
        pl.col("window_start", "window_end"),
        entity=monitor.entity,
        subkey="subkey" if "subkey" in schema else pl.lit(None, pl.String),
        score=pl.when(score.is_finite()).then(score),
        evidence=pl.struct(evidence) if evidence else pl.lit(None),
    )


def _labelled(monitor: Monitor, kept: pl.LazyFrame, rate: float) -> pl.LazyFrame:
    """The few rows that are kept, in the types that are stored; the others stay as they came."""
    bare = kept.collect_schema()["evidence"] == pl.Null
    return kept.select(
        pl.col("window_start", "window_end", "score"),
        pl.col("entity", "subkey").cast(pl.String),
        evidence=pl.lit("{}") if bare else pl.col("evidence").struct.json_encode(),
        stratum=_stratum(monitor),
        uniform=pl.col("draw") < rate,
    )


def _counts(monitor: Monitor, scored: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of each stratum by partition; one pass over numbers, not over names of strata."""
    score = pl.col("score")
    flagged, near = (score >= monitor.threshold).sum(), (score >= monitor.near).sum()
    partition = (pl.col("window_end") - pl.duration(microseconds=1)).dt.truncate(monitor.every)
    strata = {
        FLAGGED: flagged,
        NEAR: near - flagged,
        BULK: score.count() - near,
        NULL: score.null_count(),
    }
    return (
        scored.group_by(partition=partition)
        .agg(**{name: n.cast(pl.Int64) for name, n in strata.items()})
        .unpivot(index="partition", variable_name="stratum", value_name="n")
        .filter(pl.col("n") > 0)
    )


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
