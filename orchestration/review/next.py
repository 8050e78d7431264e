"""The next task: which unit somebody is to judge, and all that they are shown of it.

Flagged, near, bulk, random, golden and second-review tasks are asked and shown alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, case, func, or_, select, tuple_

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Registry
from orchestration.cases.exposure import day_of
from orchestration.cases.terms import Terms
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import reading, writing
from orchestration.ledger.machines import one, where
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.tables import answers, review_tasks
from orchestration.oncall.people import Person, require
from orchestration.policies.policy import Wording
from orchestration.pseudonyms import Pseudonyms
from orchestration.review.errors import ReviewError
from orchestration.review.evidence import evidence
from orchestration.review.known import unknown_to
from orchestration.review.question import asked, may_judge, monitors_of, question_of
from orchestration.review.tasks import lease

PER_DAY = 200  # answers of one person: judgement tires, and nobody is to carry a figure alone
NOTHING = Wording("", "", "")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class TaskView:
    """All that a rater is shown of a task; the same fields, of the same types, for every kind.

    `harm` is the question, by the text of `policy` (id and version, empty where none is of the
    harm). `starts` is the window's beginning as weekday and time in UTC, without a date: gold is
    older than what was drawn yesterday. `evidence` has the columns of `review.evidence.EVIDENCE`.
    """

    task_id: str
    product: str
    harm: str
    policy: str
    wording: Wording
    entity_type: str
    entity: str
    starts: str
    length: timedelta
    evidence: pl.DataFrame = field(repr=False)


def take(
    engine: Engine,
    who: Person,
    *,
    terms: Terms,
    now: datetime,
    registry: Registry | None = None,
) -> ReviewTask | None:
    """Take the task that is first among those the person may judge; None if none waits.

    Who has one is given the same again until it is answered or its lease ends. What is overdue
    comes first, then what was drawn to. Raises PeopleError for somebody who answers none, and
    ReviewError at the limit of their day.
    """
    require(who, "answer")
    monitors = monitors_of(registry)
    with writing(engine) as connection:
        held = _held(connection, who, now)
        if held is not None:
            return held
        _require_rest(connection, who, now)
        found = _first(connection, who, terms, monitors, now)
        if found is None:
            return None
        act = Act(Actor(who.id, "person"), now, "taken to be judged")
        return lease(connection, found, who.id, now, act)


def show(
    engine: Engine,
    lake: Lake,
    names: Pseudonyms,
    task: ReviewTask,
    *,
    terms: Terms,
    registry: Registry | None = None,
) -> TaskView:
    """What a rater is shown of a task. Raises ReviewError if nothing says what to look for."""
    question = question_of(terms, monitors_of(registry), task)
    span = Span(task.window_start, task.window_end)
    with reading(engine) as connection:
        seen = evidence(connection, lake, names, (task.entity_type, task.entity), span)
    return TaskView(
        task_id=task.task_id,
        product=task.product,
        harm=question.harm.value,
        policy=question.cites or "",
        wording=question.policy.text if question.policy else NOTHING,
        entity_type=task.entity_type,
        entity=task.entity,
        starts=f"{WEEKDAYS[task.window_start.weekday()]} {task.window_start:%H:%M:%S}",
        length=task.window_end - task.window_start,
        evidence=seen,
    )


def free_now(now: datetime) -> ColumnElement[bool]:
    """Of review tasks: those that wait, or whose lease has run out."""
    t = review_tasks.c
    return or_(t.state == TaskState.OPEN, (t.state == TaskState.LEASED) & (t.leased_until <= now))


def open_to(
    connection: Connection,
    who: Person,
    terms: Terms,
    monitors: Mapping[str, Monitor],
    now: datetime,
) -> ColumnElement[bool]:
    """Of review tasks: those that are free and of what the person has the skills for."""
    t = review_tasks.c
    kinds = select(t.monitor, t.entity_type).where(free_now(now)).distinct()
    mine = [
        (monitor, entity_type)
        for monitor, entity_type in connection.execute(kinds)
        if (question := asked(terms, monitors, monitor, entity_type)) is not None
        and may_judge(who, question)
    ]
    return free_now(now) & tuple_(t.monitor, t.entity_type).in_(mine)


def _held(connection: Connection, who: Person, now: datetime) -> ReviewTask | None:
    t = review_tasks.c
    mine = (t.state == TaskState.LEASED) & (t.leased_by == who.id) & (t.leased_until > now)
    return next(iter(where(connection, REVIEW_TASKS, mine, limit=1).values()), None)


def _require_rest(connection: Connection, who: Person, now: datetime) -> None:
    day, a = day_of(who, now), answers.c
    mine = (a.rater == who.id) & (a.answered_at >= day.start) & (a.answered_at < day.end)
    done = connection.execute(select(func.count()).where(mine)).scalar_one()
    if done >= PER_DAY:
        raise ReviewError(
            f"{who.id} has answered {done} tasks today; at most {PER_DAY} are given to one person "
            f"in a day. Go on after {day.end.isoformat()}, or leave the rest to others."
        )


def _first(
    connection: Connection,
    who: Person,
    terms: Terms,
    monitors: Mapping[str, Monitor],
    now: datetime,
) -> ReviewTask | None:
    t = review_tasks.c
    late = case((t.due_at <= now, 0), else_=1)
    ordered = (
        select(t.task_id)
        .where(open_to(connection, who, terms, monitors, now), unknown_to(who.id))
        .order_by(late, t.rank, t.task_id)
    )
    found = connection.execute(ordered.limit(1)).scalar_one_or_none()
    return None if found is None else one(connection, REVIEW_TASKS, found)
