"""What is mixed into drawn tasks: second reviews, and golden items that look like them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from orchestration.ledger.ids import digest_parts
from orchestration.ledger.review_tasks import ReviewTask
from orchestration.ledger.tables import review_tasks
from orchestration.measurement.sampling import drawn, place
from orchestration.review.golden import Golden, golden_set

SECOND = 0.10  # of the drawn; agreement needs at least 5 %
GOLD = 0.10  # of all tasks: 200 answers a day meet 20, after which a rater's figures are shown
SHOWN = 16


@dataclass(frozen=True, slots=True)
class Mixed:
    """Every task of a batch, what was drawn before what repeats it."""

    tasks: tuple[ReviewTask, ...]
    seconds: int
    golden: int


def mixed(
    connection: Connection, tasks: Sequence[ReviewTask], *, seed: str, now: datetime
) -> Mixed:
    """Add second reviews and gold to the tasks of one product, and order all of them by chance.

    Which tasks are repeated, how much gold there is and each one's rank are keyed by the seed and
    the tasks' ids, so that the same batch is mixed in the same way. Without a golden set there is
    no gold; one item is asked for at most once in a batch.
    """
    seconds = [_second(task) for task in tasks if drawn(task.task_id, f"{seed}/second", SECOND)]
    asked = [*tasks, *seconds]
    share = GOLD / (1 - GOLD)
    wanted = sum(drawn(task.task_id, f"{seed}/golden", share) for task in asked)
    golden = _golden(connection, asked[0], wanted, seed=seed, now=now) if wanted else []
    every = [*asked, *golden]
    ranked = [replace(one, rank=place(one.task_id, f"{seed}/rank")) for one in every]
    return Mixed(tuple(ranked), len(seconds), len(golden))


def _second(task: ReviewTask) -> ReviewTask:
    """The same unit of the same draw once more, for somebody else."""
    task_id = f"task_{digest_parts('second', task.task_id)[:SHOWN]}"
    return replace(task, task_id=task_id, kind="second", of_task=task.task_id)


def _golden(
    connection: Connection, beside: ReviewTask, wanted: int, *, seed: str, now: datetime
) -> list[ReviewTask]:
    """Tasks of the product's items, those first that were asked for least."""
    items = golden_set(connection, beside.product).items
    t = review_tasks.c
    counted = select(t.golden_id, func.count()).where(t.golden_id.in_([i.golden_id for i in items]))
    rows = connection.execute(counted.group_by(t.golden_id)).all()
    asked = {row[0]: int(row[1]) for row in rows}
    fit = [item for item in items if item.expires_at > now]
    fit.sort(key=lambda item: (asked.get(item.golden_id, 0), place(item.golden_id, seed)))
    return [_asking(item, beside) for item in fit[:wanted]]


def _asking(item: Golden, beside: ReviewTask) -> ReviewTask:
    """A task that is as those it comes with, but for its unit."""
    return replace(
        beside,
        task_id=f"task_{digest_parts('golden', item.golden_id, beside.task_id)[:SHOWN]}",
        kind="golden",
        unit_id=item.unit_id,
        monitor=item.monitor,
        version=item.version,
        entity_type=item.entity_type,
        entity=item.entity,
        window_start=item.window_start,
        window_end=item.window_end,
        plan_id=None,
        stratum=None,
        inclusion_prob=None,
        golden_id=item.golden_id,
    )
