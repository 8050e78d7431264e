"""Revealing a task's texts: what an entity wrote in the unit's window, to who judges it, counted.

The text is read, returned and nowhere kept: the ledger has who looked at which task, when, and at
how many texts.
"""

from datetime import datetime

from sqlalchemy import Connection, Engine, func, insert, select

from monitors.evaluate import Span
from monitors.registry import Registry
from orchestration.cases.exposure import may_see, remaining
from orchestration.cases.reveal import AT_ONCE, Revealed
from orchestration.cases.sightings import again
from orchestration.cases.terms import Terms
from orchestration.cases.texts import texts_of, written
from orchestration.cases.whose import real_ids
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.machines import one
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.tables import task_views
from orchestration.oncall.people import Person, may, require
from orchestration.pseudonyms import Pseudonyms
from orchestration.review.errors import ReviewError
from orchestration.review.question import Question, monitors_of, question_of, require_skills
from orchestration.review.tasks import require_held


def reveal(
    engine: Engine,
    lake: Lake,
    names: Pseudonyms,
    *,
    who: Person,
    task_id: str,
    terms: Terms,
    now: datetime,
    registry: Registry | None = None,
    most: int = AT_ONCE,
) -> Revealed:
    """What the unit's entity wrote within its window, the newest first.

    For who has the task, and of a disputed one for who may settle it; by a role that the harm's
    queue lets. Each view is in the audit before the text is given, and counts against the queue's
    limit of the person's day together with those of cases. Raises PeopleError, CaseError at the
    limit, and ReviewError, with what would have to be.
    """
    require(who, "reveal")
    with reading(engine) as connection:
        task = one(connection, REVIEW_TASKS, task_id)
        question = question_of(terms, monitors_of(registry), task)
        _may_look(connection, task, question, who, terms=terms, now=now)
        entity, span = (task.entity_type, task.entity), Span(task.window_start, task.window_end)
        real = real_ids(connection, lake, names, [entity], span).get(entity)
    if real is None:
        raise ReviewError(
            "Nothing in the lake says any more whose pseudonym this is: its events were pruned, "
            "or it was forgotten. Answer by the evidence there is, or `insufficient`."
        )
    found = again(lambda: written(lake, entity[0], real, [span]))
    with writing(engine) as connection:
        task = one(connection, REVIEW_TASKS, task_id)
        # As it is now: others may have been faster.
        left = _may_look(connection, task, question, who, terms=terms, now=now)
        texts = tuple(texts_of(found.head(min(most, left))))
        _note(connection, task, who, len(texts), now)
        more = remaining(connection, who, question.queue, now)
    return Revealed(texts, found.height - len(texts), more)


def _may_look(
    connection: Connection,
    task: ReviewTask,
    question: Question,
    who: Person,
    *,
    terms: Terms,
    now: datetime,
) -> int:
    """How many texts the person may see; everything that forbids it is found here."""
    if not (task.state is TaskState.DISPUTED and may(who, "adjudicate")):
        require_held(task, who, now)
    require_skills(who, question)
    return may_see(connection, who, terms.desks, question.queue.id, now)


def _note(connection: Connection, task: ReviewTask, who: Person, items: int, now: datetime) -> None:
    """Write that somebody looked: who, at what, when, and at how many texts."""
    row = {"person": who.id, "task_id": task.task_id, "items": items, "at": now}
    count = connection.execute(select(func.count()).select_from(task_views)).scalar_one()
    view_id = f"view_{digest_parts('task', digest_record(row), str(count))[:24]}"
    seq = append(
        connection,
        act=Act(Actor(who.id, "person"), now, f"{items} texts of the unit of {task.task_id}"),
        verb="reveal",
        object_id=f"task_view:{view_id}",
        after=digest_record(row),
    )
    connection.execute(insert(task_views), {**row, "view_id": view_id, "audit_seq": seq})
