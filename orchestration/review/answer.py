"""Answering a task: the answer, its label and what follows from both, in one transaction.

Nothing that comes back says what kind of task it was, nor whether somebody else disagreed.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, or_, select

from monitors.registry import Registry
from orchestration.cases.judging import Verdict
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.machines import one, where, write
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.tables import answers, golden, review_tasks
from orchestration.oncall.people import Person, require
from orchestration.review.errors import ReviewError
from orchestration.review.golden import version_of
from orchestration.review.known import require_unknown
from orchestration.review.question import monitors_of, question_of, require_skills
from orchestration.review.tasks import LEASE, LEASES, closed, require_held

VALUES = {Verdict.VIOLATING: True, Verdict.BENIGN: False}
DIFFER = "two answers to one unit differ"
GOLDEN, EPISODE, SECOND = "golden", "episode", "second"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that is in the ledger; `new` is false where it was there before."""

    answer_id: str
    task_id: str
    verdict: Verdict
    new: bool


@dataclass(frozen=True, slots=True)
class Given:
    """One person's judgement of one task. `taken_at` is null where nobody knows."""

    task: ReviewTask
    rater: str
    verdict: Verdict
    policy_version: str | None
    at: datetime
    taken_at: datetime | None


def answer(
    engine: Engine,
    who: Person,
    task_id: str,
    verdict: Verdict,
    *,
    terms: Terms,
    now: datetime,
    registry: Registry | None = None,
) -> Answered:
    """Answer a task that one has. Violating and benign give a label, the others none.

    The same answer again changes nothing and says so. Two answers to one unit that differ make
    both tasks disputed. Raises PeopleError, LedgerError for no such task, and ReviewError, with
    nothing written, for another answer than before, a task that the person does not have, and a
    unit that they judged before.
    """
    require(who, "answer")
    with writing(engine) as connection:
        task = one(connection, REVIEW_TASKS, task_id)
        before = answered(connection, task_id, who.id, verdict)
        if before is not None:
            return before
        require_held(task, who, now)
        require_unknown(connection, task, who.id)
        question = question_of(terms, monitors_of(registry), task)
        require_skills(who, question)
        taken_at = task.leased_until - LEASE if task.leased_until else None
        given = Given(task, who.id, verdict, question.cites, now, taken_at)
        return put(connection, given, Act(Actor(who.id, "person"), now, "judged blind"))


def answered(connection: Connection, task_id: str, rater: str, verdict: Verdict) -> Answered | None:
    """The person's answer to a task, None if there is none; ReviewError if it was another."""
    a = answers.c
    mine = select(a.answer_id, a.verdict).where(a.task_id == task_id, a.rater == rater)
    row = connection.execute(mine).one_or_none()
    if row is None:
        return None
    if row.verdict != verdict:
        raise ReviewError(
            f"{rater} has answered the task {task_id} with {row.verdict}; wanted the same, as "
            "answers do not change. If it was wrong, tell a lead."
        )
    return Answered(row.answer_id, task_id, verdict, new=False)


def put(connection: Connection, given: Given, act: Act) -> Answered:
    """Write an answer to a leased task, with its label, and dispute what it differs from.

    Also to gold that was withdrawn, which stays so.
    """
    task, version = given.task, _golden_version(connection, given.task)
    label_id = _label(connection, given, act) if task.kind != GOLDEN or version else None
    row = {
        "answer_id": f"answer_{digest_parts(task.task_id, given.rater)[:24]}",
        "task_id": task.task_id,
        "unit_id": task.unit_id,
        "rater": given.rater,
        "verdict": given.verdict.value,
        "policy_version": given.policy_version,
        "golden_version": version,
        "label_id": label_id,
        "taken_at": given.taken_at,
        "answered_at": given.at,
    }
    seq = append(
        connection,
        act=act,
        verb="answer",
        object_id=f"answer:{row['answer_id']}",
        after=digest_record(row),
    )
    connection.execute(insert(answers), {**row, "audit_seq": seq})
    if not is_leaked(task):
        done = closed(task, TaskState.ANSWERED, act.at)
        write(connection, REVIEW_TASKS, before={task.task_id: task}, after=[done], act=act)
        _dispute(connection, done, given.verdict, act.at)
    return Answered(str(row["answer_id"]), task.task_id, given.verdict, new=True)


def is_leaked(task: ReviewTask) -> bool:
    """Whether it is gold that was withdrawn, perhaps while somebody judged it elsewhere."""
    return task.kind == GOLDEN and task.state is TaskState.WITHDRAWN


def pair_of(connection: Connection, task: ReviewTask) -> dict[str, ReviewTask]:
    """A task with the second reviews of its unit, or a second review with what it repeats."""
    t, first = review_tasks.c, task.of_task or task.task_id
    return where(connection, REVIEW_TASKS, or_(t.task_id == first, t.of_task == first))


def source_of(connection: Connection, task: ReviewTask) -> Source:
    """What the label of an answer is: by what was drawn, and for a second review by the first."""
    if task.kind == GOLDEN:
        return Source.GOLDEN
    first = one(connection, REVIEW_TASKS, task.of_task) if task.of_task else task
    return Source.RANDOM if first.kind == EPISODE else Source.FLAG_REVIEW


def _label(connection: Connection, given: Given, act: Act) -> str | None:
    """Label the unit; the label's id, None where the verdict is no truth.

    A second review is of the same draw and records it, as does the first.
    """
    if given.verdict not in VALUES:
        return None
    task, of_gold = given.task, given.task.kind == GOLDEN
    label = Label(
        label_id=digest_parts("answer", task.task_id, given.rater),
        unit_id=task.unit_id,
        value=VALUES[given.verdict],
        source=source_of(connection, task),
        rater=given.rater,
        monitor=task.monitor,
        monitor_version=task.version,
        created_at=given.at,
        inclusion_prob=None if of_gold else task.inclusion_prob,
        stratum=None if of_gold else task.stratum,
        policy_version=given.policy_version,
    )
    write_labels(connection, [label], act)
    return label.label_id


def _golden_version(connection: Connection, task: ReviewTask) -> int | None:
    """The version of the set that a golden answer measures by; None where the item is retired.

    An answer to what leaked, or is wrong, is kept and measures nobody.
    """
    if task.golden_id is None:
        return None
    g = golden.c
    retired = select(g.retired_at).where(g.golden_id == task.golden_id)
    if connection.execute(retired).scalar_one() is not None:
        return None
    return version_of(connection, task.product)


def _dispute(connection: Connection, task: ReviewTask, verdict: Verdict, now: datetime) -> None:
    """Make a unit's answered tasks disputed if an answer to another of them differs."""
    if task.kind == GOLDEN:
        return
    others = {
        key: other
        for key, other in pair_of(connection, task).items()
        if key != task.task_id and other.state in {TaskState.ANSWERED, TaskState.DISPUTED}
    }
    a = answers.c
    said = select(a.verdict).where(a.task_id.in_(sorted(others)), a.verdict != verdict)
    if not connection.execute(said).first():
        return
    before = {task.task_id: task, **others}
    after = [
        replace(one_, state=TaskState.DISPUTED, closed_at=None)
        for one_ in before.values()
        if one_.state is TaskState.ANSWERED
    ]
    write(connection, REVIEW_TASKS, before=before, after=after, act=Act(LEASES, now, DIFFER))
