"""Scored windows as review tasks: drawn, named by pseudonym, and withdrawn when they are gone."""

from datetime import timedelta

import polars as pl
from sqlalchemy import Connection

from monitors.contract import Monitor
from monitors.evaluate import IDENTITY
from monitors.finding_ids import microseconds
from orchestration.intake.manifests import SUBKEY, Names
from orchestration.ledger.acts import Act
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.labels import SCORED
from orchestration.ledger.machines import where
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.tables import review_tasks
from orchestration.measurement.drawing import chances, draw_units
from orchestration.measurement.plans import Plan, Stratum
from orchestration.partitions import day_of, hour_of
from orchestration.review.tasks import withdraw
from orchestration.review.windows import Scored

DUE = timedelta(days=7)  # a week's labels are there when the next week's figures are made
SHOWN = 16
MOMENT = timedelta(microseconds=1)


def task_id_of(plan: Plan, unit_id: str) -> str:
    """The task of a drawn unit; nothing in it tells what kind it is."""
    return f"task_{digest_parts('drawn', plan.plan_id, unit_id)[:SHOWN]}"


def draw_windows(
    found: Scored,
    plan: Plan,
    *,
    rates: dict[str, float],
    budget: int,
    seed: str,
) -> tuple[pl.DataFrame, list[Stratum]]:
    """The drawn rows of `found.kept` with `inclusion_prob`, and each stratum, empty ones too.

    `rates` guess what share of each stratum is bad. The same plan and seed draw the same rows.
    """
    guessed = found.strata.with_columns(
        rate=pl.col("stratum").replace_strict(rates, return_dtype=pl.Float64)
    )
    strata = chances(guessed, budget)
    drawn = draw_units(found.kept, strata, seed=f"{seed}/{plan.plan_id}")
    rows = found.kept.unique("unit").join(
        drawn.select("unit", "inclusion_prob"), on="unit", how="inner"
    )
    kept = dict(found.kept.group_by("stratum").agg(pl.col("unit").n_unique()).iter_rows())
    of_each = dict(drawn.group_by("stratum").len().iter_rows())
    told = strata.select("stratum", "size", "inclusion_prob").iter_rows()
    return rows.sort("unit"), [
        Stratum(name, size, kept.get(name, 0), of_each.get(name, 0), probability)
        for name, size, probability in told
    ]


def window_tasks(
    rows: pl.DataFrame, plan: Plan, monitor: Monitor, names: Names
) -> list[ReviewTask]:
    """A task for each drawn row, its entity by pseudonym; in order of id."""
    units = unit_ids(rows, monitor, names)
    public = names(monitor.entity, rows["entity"].unique().sort().to_list())
    made = [
        ReviewTask(
            task_id=task_id_of(plan, unit_id),
            kind="window",
            unit_id=unit_id,
            product=monitor.product,
            monitor=monitor.id,
            version=monitor.version,
            entity_type=monitor.entity,
            entity=public[row["entity"]],
            window_start=row["window_start"],
            window_end=row["window_end"],
            rank=0.0,
            made_at=plan.drawn_at,
            due_at=plan.drawn_at + DUE,
            plan_id=plan.plan_id,
            stratum=row["stratum"],
            inclusion_prob=row["inclusion_prob"],
        )
        for unit_id, row in zip(units, rows.iter_rows(named=True), strict=True)
        if unit_id is not None
    ]
    return sorted(made, key=lambda task: task.task_id)


def unit_ids(rows: pl.DataFrame, monitor: Monitor, names: Names) -> list[str | None]:
    """`scored:` with a digest over pseudonyms, for each row; null where an entity has no name."""
    subkeys = rows["subkey"].drop_nulls().unique().sort().to_list()
    public = names(monitor.entity, rows["entity"].unique().sort().to_list())
    hidden = names(SUBKEY, subkeys)
    return [
        SCORED
        + digest_parts(
            monitor.id,
            str(monitor.version),
            public[entity],
            str(microseconds(begin)),
            str(microseconds(end)),
            None if subkey is None else hidden[subkey],
        )
        if entity in public and (subkey is None or subkey in hidden)
        else None
        for entity, begin, end, subkey in rows.select(IDENTITY).iter_rows()
    ]


def withdraw_gone(
    connection: Connection,
    plan: Plan,
    monitor: Monitor,
    found: Scored,
    *,
    known: Names,
    act: Act,
) -> int:
    """Withdraw unanswered tasks whose window a later evaluation has no more; how many.

    `known` names those who have a name and gives none to others. Only partitions that were read
    count: of the rest nobody knows what is gone.
    """
    t, live = review_tasks.c, [TaskState.OPEN, TaskState.LEASED]
    waiting = where(connection, REVIEW_TASKS, t.plan_id == plan.plan_id, t.state.in_(live)).values()
    begin = hour_of if monitor.every == "1h" else day_of
    mine = [task for task in waiting if begin(task.window_end - MOMENT) in found.starts]
    ends = pl.Series([task.window_end for task in mine], dtype=found.kept["window_end"].dtype)
    rows = found.kept.filter(pl.col("window_end").is_in(ends.implode()))
    there = set(unit_ids(rows, monitor, known)) if mine else set()
    return withdraw(connection, [task for task in mine if task.unit_id not in there], act)
