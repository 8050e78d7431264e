"""Backtests: a monitor over past partitions, as an evaluation would see them, storing nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from monitors.columns import schema
from monitors.contract import Monitor
from monitors.evaluate import BULK, COUNTS, FINDINGS, FLAGGED, NEAR, NULL, Span, evaluate
from orchestration.duck import score_sql
from orchestration.evaluation import parts, raw_tables
from orchestration.inputs import Inputs
from orchestration.lake import Lake
from orchestration.partitions import day_of, hour_of, starts

THRESHOLDS = 15  # points of the sweep's curve, at most
SAME = 1e-9  # relative; sums of floats depend on the order in which an engine adds
IDENTITY = ["entity", "window_start", "window_end", "subkey"]
SCORES = schema(
    {
        "entity": pl.String,
        "window_start": FINDINGS["window_start"],
        "window_end": FINDINGS["window_end"],
        "score": pl.Float64,
    }
)
Step = Callable[[], None]


class BacktestError(ValueError):
    """A backtest that makes no sense; the message says what is wanted."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a monitor finds in a span.

    `findings` and `counts` as in an Evaluation. `scores`: one row per entity and window with a
    score, if a sweep was asked for; else only those at or over the threshold.
    """

    monitor: Monitor
    span: Span
    findings: pl.DataFrame
    counts: pl.DataFrame
    scores: pl.DataFrame


def run(
    lake: Lake, monitor: Monitor, span: Span, *, sweep: bool = False, step: Step | None = None
) -> Backtest:
    """Evaluate every partition of a span. Writes nothing to the lake.

    `step` is called after each of `passes`. With `sweep` all scores stay in memory, without
    their evidence. Raises BacktestError where the span's ends are no partition's.
    """
    check_span(monitor, span)
    findings, counts, scores = [], [], []
    for part in parts(monitor, span):
        found = evaluate(
            monitor, score(lake, monitor, part), part, seed="", rate=1.0 if sweep else 0.0
        )
        kept = found.samples if sweep else found.findings
        findings.append(found.findings)
        counts.append(found.counts)
        scores.append(kept.filter(pl.col("score").is_not_null()).select(SCORES.names()))
        if step is not None:
            step()
    return Backtest(
        monitor,
        span,
        pl.concat([pl.DataFrame(schema=FINDINGS), *findings]),
        pl.concat([pl.DataFrame(schema=COUNTS), *counts]),
        pl.concat([pl.DataFrame(schema=SCORES), *scores]),
    )


def score(lake: Lake, monitor: Monitor, span: Span) -> pl.LazyFrame:
    """Scores of one pass, from the lake's tables."""
    inputs = Inputs(lake, monitor.product)
    if monitor.sql is not None:
        return score_sql(inputs, monitor, span)
    return monitor.score(**inputs.tables(monitor, span))


def passes(monitor: Monitor, span: Span) -> int:
    """How many passes `run` makes over a span."""
    return sum(1 for _ in parts(monitor, span))


def check_span(monitor: Monitor, span: Span) -> None:
    """Raise BacktestError unless the span begins and ends where partitions of the monitor do."""
    at = day_of if monitor.every == "1d" else hour_of
    wanted = "midnights" if monitor.every == "1d" else "full hours"
    if at(span.start) != span.start or at(span.end) != span.end:
        raise BacktestError(f"'{monitor.id}' is {monitor.cadence}: give {wanted}, in UTC.")
    if span.start >= span.end:
        raise BacktestError(f"From {span.start} to {span.end} is no time; --to is exclusive.")


def days_with_events(lake: Lake, monitor: Monitor, span: Span) -> int:
    """Days of the span, and of the window before it, that have a file of what the monitor reads."""
    inputs = Inputs(lake, monitor.product)
    reach = inputs.raw(monitor, span)
    found: set[datetime] = set()
    for table, contract in raw_tables(monitor):
        products = inputs.products(contract)
        found |= {piece.day for piece in lake.pieces(table, products, reach)}
    return len(found)


def per_day(backtest: Backtest) -> pl.DataFrame:
    """One row per day: `findings`, different `entities` in them, and windows by stratum.

    `scored` windows got a score, `near` ones of them nearly the threshold's, `null` ones none.
    """
    every_day = pl.DataFrame({"day": list(starts(backtest.span, "1d"))})
    end = (pl.col("window_end") - pl.duration(microseconds=1)).dt.truncate("1d")
    found = backtest.findings.group_by(day=end).agg(
        findings=pl.len().cast(pl.Int64), entities=pl.col("entity").n_unique().cast(pl.Int64)
    )
    strata = backtest.counts.group_by(day=pl.col("partition").dt.truncate("1d")).agg(
        scored=_sum(FLAGGED, NEAR, BULK), near=_sum(NEAR), null=_sum(NULL)
    )
    every_day = every_day.cast({"day": FINDINGS["window_end"]})
    return (
        every_day.join(found, on="day", how="left")
        .join(strata, on="day", how="left")
        .sort("day")
        .with_columns(pl.col("day").dt.date(), pl.exclude("day").fill_null(0))
    )


def _sum(*strata: str) -> pl.Expr:
    return pl.col("n").filter(pl.col("stratum").is_in(strata)).sum()


def sweep(backtest: Backtest) -> pl.DataFrame:
    """One row per threshold, highest first: `findings` and `entities` at or over it.

    `current` marks the declared threshold, `share` is of the scored windows.
    """
    scores, declared = backtest.scores["score"], float(backtest.monitor.threshold)
    peaks = backtest.scores.group_by("entity").agg(pl.col("score").max())["score"]
    days = (backtest.span.end - backtest.span.start) / timedelta(days=1)
    rows = []
    for value in thresholds(scores, declared=declared):
        findings = int((scores >= value).sum())
        rows.append(
            {
                "threshold": value,
                "current": value == declared,
                "findings": findings,
                "entities": int((peaks >= value).sum()),
                "findings_per_day": findings / days,
                "share": findings / len(scores) if len(scores) else None,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"share": pl.Float64})


def thresholds(scores: pl.Series, *, declared: float, most: int = THRESHOLDS) -> list[float]:
    """The declared threshold and others that scores have, highest first.

    Where there are more different scores than `most`, those with 1, 2, 4 … findings on a
    logarithmic scale, because thresholds of interest lie far out in the tail.
    """
    counted = scores.value_counts(name="n").sort("score", descending=True)
    values = counted["score"].to_list()
    if len(values) >= most:
        at_or_over = counted["n"].cum_sum()
        steps = range(most - 1)
        targets = [len(scores) ** (i / (most - 2)) for i in steps]
        found = {int(at_or_over.search_sorted(target)) for target in targets}
        values = [values[min(i, len(values) - 1)] for i in found]
    return sorted({*values, declared}, reverse=True)


def changes(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Findings that differ: one row per entity, window and subkey.

    `change` is added, removed or score; `score_before` and `score_after` are null on the side
    that has no such finding. Scores that differ by less than 1 in 10^9 are equal.
    """
    old = before.select(*IDENTITY, score_before="score")
    new = after.select(*IDENTITY, score_after="score")
    both = old.join(new, on=IDENTITY, how="full", nulls_equal=True, coalesce=True)
    a, b = pl.col("score_before"), pl.col("score_after")
    scale = pl.max_horizontal(a.abs(), b.abs(), 1.0)
    change = (
        pl.when(a.is_null())
        .then(pl.lit("added"))
        .when(b.is_null())
        .then(pl.lit("removed"))
        .when((a - b).abs() > SAME * scale)
        .then(pl.lit("score"))
    )
    return (
        both.select(change.alias("change"), *IDENTITY, "score_before", "score_after")
        .filter(pl.col("change").is_not_null())
        .sort("change", *IDENTITY, nulls_last=True)
    )
