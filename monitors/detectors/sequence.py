"""Detector `sequence`: steps that an entity takes in order within a time limit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from monitors.detectors._cells import HOUR, cell, require_positive, rows_of, windows
from monitors.errors import MonitorError

NEVER = pl.lit(
    datetime(1, 1, 1, tzinfo=UTC), pl.Datetime("us", "UTC")
)  # too long ago for any limit
FEWEST_STEPS, MOST_STEPS = 2, 6


def sequence(
    events: pl.LazyFrame,
    *,
    entity: str,
    steps: Sequence[pl.Expr],
    within: timedelta,
    repeat: int = 1,
    time: str = "occurred_at",
    grid: timedelta = HOUR,
    event_id: str | None = None,
) -> pl.LazyFrame:
    """Count the events that complete `steps`, taken in order and at most `within` apart in all.

    One row per entity and cell of `grid` in which it has events, whether or not they are steps.
    `steps` are 2 to 6 conditions; each step lies strictly later than the one before, so one event
    is never two steps and events at the same time follow in no order. Other events may lie
    between. An event completes when it meets the last condition, `repeat` - 1 such events lie
    between the step before and it, and the first step is at most `within` (inclusive) before it;
    of those at the same time the smaller id comes first. A condition that is null is not met.
    Score is the number of completing events, 0 where there is none. Evidence: `started_at` and
    `completed_at` of the earliest completion in the cell, with the latest start that leads to it;
    with `event_id`, the smallest id of a first step at that start as `started_id`, and of a
    completing event.

    Overlap: nothing is reset, so one start may serve many completions. Zero history: 0. Never
    null. Keys never seen: no row. Empty input: no rows. An event given twice is two events. Late
    rows can only raise scores, of cells that begin up to `within` after them. Exact when the
    events reach `within` before the cell. Source: the latest start of a chain is a running
    maximum, which needs no join of events with events (subsequence matching with a time
    constraint as in Mannila, Toivonen and Verkamo, 1997).
    """
    require_positive(within=within, repeat=repeat, grid=grid)
    if not FEWEST_STEPS <= len(steps) <= MOST_STEPS:
        raise MonitorError(
            f"'steps' has {len(steps)} conditions; give {FEWEST_STEPS} to {MOST_STEPS}."
        )
    met = {f"step_{i}": _met(step) for i, step in enumerate(steps)}
    rows = rows_of(events, entity=entity, time=time, value=None, event_id=event_id, **met)
    order = ["entity", "time"] if event_id is None else ["entity", "time", "event_id"]
    last = _chains(rows, steps=len(steps), repeat=repeat, order=order)
    done = last.filter(pl.col("time") - pl.col("started_at") <= within)
    cells = (
        rows.group_by("entity", cell(grid))
        .agg()
        .join(_first_and_count(done, grid, event_id), on=["entity", "cell"], how="left")
    )
    if event_id is not None:
        cells = _with_start(cells, rows)
    return windows(
        cells.with_columns(pl.col("score").fill_null(0)),
        entity=entity,
        grid=grid,
        look_back=within,
    )


def _met(step: pl.Expr) -> pl.Expr:
    return step.cast(pl.Boolean).fill_null(value=False)


def _chains(rows: pl.LazyFrame, *, steps: int, repeat: int, order: list[str]) -> pl.LazyFrame:
    """Rows of the last step with the latest start of the steps before them, or NEVER."""
    named = [f"step_{i}" for i in range(steps)]
    taken = rows.filter(pl.any_horizontal(named)).sort(order)
    new = (pl.col("time") != pl.col("time").shift()) | (
        pl.col("entity") != pl.col("entity").shift()
    )
    start = pl.when("step_0").then("time").otherwise(NEVER)
    taken = taken.with_columns(started_at=start, new=new.fill_null(value=True))
    for step in named[1:]:
        before = pl.col("started_at").cum_max().shift().over("entity").fill_null(NEVER)
        # rows at the same time share what was known before the first of them
        earlier = pl.when("new").then("before").forward_fill()
        taken = taken.with_columns(before=before).with_columns(
            started_at=pl.when(step).then(earlier).otherwise(NEVER)
        )
    last = taken.filter(named[-1])
    if repeat == 1:
        return last
    nth_back = pl.col("started_at").shift(repeat - 1).over("entity").fill_null(NEVER)
    return last.with_columns(started_at=nth_back)


def _first_and_count(done: pl.LazyFrame, grid: timedelta, event_id: str | None) -> pl.LazyFrame:
    """Per entity and cell: completions, the earliest of them, and its start."""
    ids = {} if event_id is None else {"event_id": pl.col("event_id").min()}
    return done.group_by("entity", cell(grid)).agg(
        score=pl.len(),
        # the latest start never falls as time goes on: the smallest belongs to the earliest
        started_at=pl.col("started_at").min(),
        completed_at=pl.col("time").min(),
        **ids,
    )


def _with_start(cells: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add the smallest id of a first step at `started_at`."""
    starts = (
        rows.filter("step_0")
        .group_by("entity", started_at="time")
        .agg(started_id=pl.col("event_id").min())
    )
    return cells.join(starts, on=["entity", "started_at"], how="left")
