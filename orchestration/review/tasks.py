"""Review tasks change hands: taken for a time, given back, withdrawn."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import writing
from orchestration.ledger.machines import where, write
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.tables import review_tasks
from orchestration.oncall.people import Person
from orchestration.review.errors import ReviewError

LEASE = timedelta(minutes=30)  # long enough to read a unit, short enough that none lies for a day
LEASES = Actor("review", "system")
RAN_OUT = "the lease ran out"


def is_free(task: ReviewTask, now: datetime) -> bool:
    """Whether it waits for somebody, or the time of who had it has run out."""
    if task.state is TaskState.OPEN:
        return True
    return task.state is TaskState.LEASED and not runs(task, now)


def runs(task: ReviewTask, now: datetime) -> bool:
    """Whether somebody has it, with time left."""
    return task.leased_until is not None and task.leased_until > now


def require_held(task: ReviewTask, who: Person, now: datetime) -> None:
    """Raise ReviewError unless the person has the task and time left."""
    if task.state is not TaskState.LEASED or task.leased_by != who.id:
        # Not whose it is, nor why it is over: that would tell of second reviews and of gold.
        raise ReviewError(
            f"{who.id} does not have the task {task.task_id}; wanted one that they took. Take "
            "the next with `watchfloor review next`."
        )
    if not runs(task, now):
        raise ReviewError(
            f"{who.id} had the task {task.task_id} until {task.leased_until}; it is {now} now. "
            "Take the next with `watchfloor review next`, and look at it as it is then."
        )


def lease(
    connection: Connection, task: ReviewTask, who: str, now: datetime, act: Act
) -> ReviewTask:
    """Write that somebody has a task that is free, after the system took it from who had it."""
    if task.state is TaskState.LEASED:
        task = give_back(connection, [task], now)[0]
    taken = replace(task, state=TaskState.LEASED, leased_by=who, leased_until=now + LEASE)
    write(connection, REVIEW_TASKS, before={task.task_id: task}, after=[taken], act=act)
    return taken


def give_back(
    connection: Connection, tasks: Iterable[ReviewTask], now: datetime
) -> list[ReviewTask]:
    """Write that leased tasks wait again."""
    over = {task.task_id: task for task in tasks}
    waiting = [
        replace(task, state=TaskState.OPEN, leased_by=None, leased_until=None)
        for task in over.values()
    ]
    write(connection, REVIEW_TASKS, before=over, after=waiting, act=Act(LEASES, now, RAN_OUT))
    return waiting


def expire(engine: Engine, now: datetime) -> int:
    """Give back the tasks whose leases have run out; how many."""
    t = review_tasks.c
    with writing(engine) as connection:
        over = where(connection, REVIEW_TASKS, t.state == TaskState.LEASED, t.leased_until <= now)
        return len(give_back(connection, over.values(), now))


def withdraw(connection: Connection, tasks: Iterable[ReviewTask], act: Act) -> int:
    """Withdraw tasks that nobody has answered; how many. Those that are over stay as they are."""
    live = {
        task.task_id: task for task in tasks if task.state in {TaskState.OPEN, TaskState.LEASED}
    }
    gone = [
        replace(
            task,
            state=TaskState.WITHDRAWN,
            leased_by=None,
            leased_until=None,
            closed_at=act.at,
        )
        for task in live.values()
    ]
    write(connection, REVIEW_TASKS, before=live, after=gone, act=act)
    return len(gone)


def closed(task: ReviewTask, state: TaskState, now: datetime) -> ReviewTask:
    """A task as it is once it is answered or settled; nobody has it."""
    return replace(task, state=state, leased_by=None, leased_until=None, closed_at=now)
