"""Review tasks as the ledger holds them, a row each, and which state may follow which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.machines import Machine, as_row
from orchestration.ledger.rows import BATCH
from orchestration.ledger.states import EITHER, PERSON, SYSTEM, Rule
from orchestration.ledger.tables import review_tasks


class TaskState(StrEnum):
    """Where a review task is in its life."""

    OPEN = "open"
    LEASED = "leased"
    ANSWERED = "answered"
    DISPUTED = "disputed"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


S = TaskState
TASK: Mapping[tuple[TaskState, TaskState], Rule] = {
    (S.OPEN, S.LEASED): Rule("take", PERSON),
    (S.LEASED, S.OPEN): Rule("release", SYSTEM),  # the lease ran out
    (S.LEASED, S.ANSWERED): Rule("answer", PERSON),
    (S.ANSWERED, S.DISPUTED): Rule("dispute", SYSTEM),  # two answers to one unit differ
    (S.DISPUTED, S.SETTLED): Rule("settle", PERSON),
    (S.OPEN, S.WITHDRAWN): Rule("withdraw", EITHER),
    (S.LEASED, S.WITHDRAWN): Rule("withdraw", EITHER),
}


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """One unit that one person is to judge blind; the columns of `review_tables.review_tasks`.

    `leased_by` has it until `leased_until`. `audit_seq` is of the act that made it, 0 before that.
    """

    task_id: str
    kind: str
    unit_id: str
    product: str
    monitor: str
    version: int
    entity_type: str
    entity: str
    window_start: datetime
    window_end: datetime
    rank: float
    made_at: datetime
    due_at: datetime
    plan_id: str | None = None
    stratum: str | None = None
    inclusion_prob: float | None = None
    golden_id: str | None = None
    of_task: str | None = None
    state: TaskState = TaskState.OPEN
    leased_by: str | None = None
    leased_until: datetime | None = None
    closed_at: datetime | None = None
    audit_seq: int = 0


REVIEW_TASKS = Machine(
    name="review_task",
    table=review_tasks,
    key="task_id",
    record=ReviewTask,
    states=TaskState,
    begins=frozenset({TaskState.OPEN}),
    rules=TASK,
    quiet=frozenset({"audit_seq", "leased_until"}),
)


def add_tasks(
    connection: Connection, tasks: Sequence[ReviewTask], act: Act, verb: str = "draw"
) -> int:
    """Write new tasks, each with its audit row; the number of the last one.

    A second review comes after the task that it repeats. Raises LedgerError, and writes nothing,
    for one that does not begin open.
    """
    for task in tasks:
        if task.state is not TaskState.OPEN:
            raise LedgerError(
                f"review_task:{task.task_id} would begin as {task.state}; wanted open."
            )
    changes = [
        Change(verb, REVIEW_TASKS.object_id(task), after=REVIEW_TASKS.digest(task))
        for task in tasks
    ]
    last = append_all(writer(connection), act=act, changes=changes)
    first = last - len(tasks) + 1
    rows = [as_row(replace(task, audit_seq=first + at)) for at, task in enumerate(tasks)]
    for at in range(0, len(rows), BATCH):
        connection.execute(insert(review_tasks), rows[at : at + BATCH])
    return last
