"""Adjudication: what two raters disagree on is settled by a lead who is neither of them."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from monitors.registry import Registry
from orchestration.cases.judging import Verdict
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.labels import (
    JUDGEMENTS,
    Label,
    Source,
    labels_on,
    standing,
    write_labels,
)
from orchestration.ledger.machines import one, where, write
from orchestration.ledger.review_tasks import REVIEW_TASKS, ReviewTask, TaskState
from orchestration.ledger.tables import answers, review_tasks
from orchestration.oncall.people import Person, require
from orchestration.review.answer import VALUES, pair_of
from orchestration.review.errors import ReviewError
from orchestration.review.question import monitors_of, question_of, require_skills
from orchestration.review.tasks import closed


@dataclass(frozen=True, slots=True)
class Dispute:
    """A unit whose answers differ, by the task that was drawn first; `since` the last answer."""

    task: ReviewTask
    raters: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled; `new` is false where it was settled so before."""

    label_id: str
    task_ids: tuple[str, ...]
    verdict: Verdict
    new: bool


def disputes(connection: Connection) -> list[Dispute]:
    """Every dispute that nobody has settled, the oldest first."""
    t = review_tasks.c
    found = where(connection, REVIEW_TASKS, t.state == TaskState.DISPUTED)
    firsts = sorted({task.of_task or task.task_id for task in found.values()} & found.keys())
    every = [_dispute(connection, found[task_id]) for task_id in firsts]
    return sorted(every, key=lambda one: (one.since, one.task.task_id))


def settle(
    engine: Engine,
    who: Person,
    task_id: str,
    verdict: Verdict,
    *,
    reason: str,
    terms: Terms,
    now: datetime,
    registry: Registry | None = None,
) -> Settled:
    """Settle a dispute for good, by either of its tasks; the same again changes nothing.

    The label records the draw of the unit and counts before all judgements. Violating or benign
    only: the unit stays in the figures, so somebody has to say which. Raises PeopleError, and
    ReviewError for another verdict, for who judged the unit, and for what nobody disputes.
    """
    require(who, "adjudicate")
    if verdict not in VALUES:
        raise ReviewError(
            f"The verdict is {verdict}; wanted violating or benign, as a drawn unit stays in the "
            "figures. What cannot be shown to violate is benign."
        )
    with writing(engine) as connection:
        task = one(connection, REVIEW_TASKS, task_id)
        tasks = pair_of(connection, task)
        label_id = digest_parts("settle", task.of_task or task.task_id)
        before = labels_on(connection, [task.unit_id])
        if task.state is TaskState.SETTLED:
            return _again(before, label_id, tasks, verdict)
        _require_dispute(connection, task, who)
        question = question_of(terms, monitors_of(registry), task)
        require_skills(who, question)
        act = Act(Actor(who.id, "person"), now, reason)
        label = _label(task, label_id, verdict, question.cites, act)
        write_labels(connection, [replace(label, supersedes=_replaced(before, task.version))], act)
        open_ = {key: one_ for key, one_ in tasks.items() if one_.state is TaskState.DISPUTED}
        over = [closed(one_, TaskState.SETTLED, now) for one_ in open_.values()]
        write(connection, REVIEW_TASKS, before=open_, after=over, act=act)
        return Settled(label_id, tuple(open_), verdict, new=True)


def _label(task: ReviewTask, label_id: str, verdict: Verdict, cites: str | None, act: Act) -> Label:
    return Label(
        label_id=label_id,
        unit_id=task.unit_id,
        value=VALUES[verdict],
        source=Source.ADJUDICATION,
        rater=act.actor.id,
        monitor=task.monitor,
        monitor_version=task.version,
        created_at=act.at,
        inclusion_prob=task.inclusion_prob,
        stratum=task.stratum,
        policy_version=cites,
    )


def _dispute(connection: Connection, task: ReviewTask) -> Dispute:
    a = answers.c
    rows = connection.execute(
        select(a.rater, a.verdict, a.answered_at)
        .where(a.task_id.in_(sorted(pair_of(connection, task))))
        .order_by(a.answered_at, a.rater)
    ).all()
    return Dispute(
        task,
        tuple(row.rater for row in rows),
        tuple(Verdict(row.verdict) for row in rows),
        rows[-1].answered_at,
    )


def _require_dispute(connection: Connection, task: ReviewTask, who: Person) -> None:
    if task.state is not TaskState.DISPUTED:
        raise ReviewError(
            f"The task {task.task_id} is {task.state}; wanted one that is disputed. See "
            "`watchfloor review disputes`."
        )
    mine = select(answers.c.answer_id).where(
        answers.c.unit_id == task.unit_id, answers.c.rater == who.id
    )
    if connection.execute(mine).first():
        raise ReviewError(
            f"{who.id} has judged the unit of the task {task.task_id}; wanted somebody who has "
            "not. Leave it to another lead."
        )


def _again(
    labels: list[Label], label_id: str, tasks: dict[str, ReviewTask], verdict: Verdict
) -> Settled:
    (there,) = (label for label in labels if label.label_id == label_id)
    if there.value is not VALUES[verdict]:
        said = next(name for name, value in VALUES.items() if value is there.value)
        raise ReviewError(
            f"The dispute was settled as {said} by {there.rater}; wanted the same, as it is "
            "settled for good."
        )
    return Settled(label_id, tuple(sorted(tasks)), verdict, new=False)


def _replaced(labels: list[Label], version: int) -> str | None:
    """The judgement that counted until now, which the new one takes the place of."""
    mine = [
        label
        for label in standing(labels)
        if label.monitor_version == version and label.source in JUDGEMENTS
    ]
    mine.sort(key=lambda label: (label.source is Source.ADJUDICATION, label.created_at))
    return mine[-1].label_id if mine else None
