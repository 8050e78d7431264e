"""Run a monitor on frames in memory: for canaries, tests and notebooks. No lake, no Dagster.

Activity and baselines are derived from the events given, by the same functions that derive them
in production, so a trial sees what an evaluation would see.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import polars as pl

from monitors.activity import Activity, Baseline, baseline, hourly
from monitors.canary import events_of
from monitors.columns import TIMESTAMP
from monitors.contract import Monitor
from monitors.evaluate import Evaluation, Span, evaluate
from monitors.registry import Table, contract_of

Tables = Mapping[str, pl.LazyFrame]
Runner = Callable[[Monitor, Tables], pl.LazyFrame]


def python(monitor: Monitor, tables: Tables) -> pl.LazyFrame:
    """Scores of a monitor written in Python."""
    return monitor.score(**tables)


def trial(
    monitor: Monitor,
    events: Mapping[str, pl.DataFrame],
    span: Span,
    *,
    runner: Runner = python,
) -> Evaluation:
    """Evaluate a monitor on whole frames by contract, keeping every score as a sample.

    Give events from as far back as its window and baselines reach. A contract that is not given
    has no events.
    """
    tables = {name: table(monitor, name, events, span) for name in monitor.reads}
    return evaluate(monitor, runner(monitor, tables), span, seed="trial", rate=1.0)


def canary_fires(monitor: Monitor, start: datetime, *, runner: Runner = python) -> bool:
    """Whether the monitor finds its own canary in the partition that begins at `start`."""
    names = {rows.contract for rows in monitor.canary}
    product = "canary" if monitor.product == "platform" else monitor.product
    events = {
        name: events_of(monitor.canary, contract_of(name), product=product, start=start)
        for name in names
    }
    length = timedelta(days=1) if monitor.every == "1d" else timedelta(hours=1)
    found = trial(monitor, events, Span(start, start + length), runner=runner)
    return found.findings.height > 0


def table(
    monitor: Monitor, name: str, events: Mapping[str, pl.DataFrame], span: Span
) -> pl.LazyFrame:
    """One of the tables that a monitor reads, from events in memory."""
    wanted = Table.parse(name)
    if wanted.kind == "period":
        return period(span, monitor.every)
    contract = contract_of(wanted.contract)
    schema = {**contract.schema, **contract.text_schema}
    given = events.get(contract.name, pl.DataFrame(schema=schema))
    rows = given.lazy().with_columns(
        pl.lit(None, dtype).alias(column)
        for column, dtype in schema.items()
        if column not in given.columns
    )
    time = pl.col("occurred_at")
    if wanted.kind == "activity":
        activity = activity_of(monitor, contract.name)
        past = rows.filter(time >= span.end - monitor.window, time < span.end)
        return hourly(activity, past)
    if wanted.kind == "baseline":
        declared = baseline_of(monitor, contract.name)
        day = span.start.replace(hour=0, minute=0, second=0, microsecond=0)
        return baseline(declared, hourly(declared.activity, rows), day=day)
    names = contract.text_schema if wanted.kind == "text" else contract.schema
    return rows.filter(time >= span.start - monitor.window, time < span.end).select(names.names())


def activity_of(monitor: Monitor, contract: str) -> Activity:
    """The activity that the monitor declares on one contract."""
    return next(a for a in monitor.activity if a.contract == contract)


def baseline_of(monitor: Monitor, contract: str) -> Baseline:
    """The baseline that the monitor declares on one contract."""
    return next(b for b in monitor.baseline if b.activity.contract == contract)


def period(span: Span, every: str) -> pl.LazyFrame:
    """One row per partition of the span: `start` and `end`."""
    starts = pl.datetime_range(
        pl.lit(span.start, TIMESTAMP),
        pl.lit(span.end, TIMESTAMP),
        every,
        closed="left",
        eager=False,
    )
    return pl.LazyFrame().select(start=starts).with_columns(end=pl.col("start").dt.offset_by(every))
