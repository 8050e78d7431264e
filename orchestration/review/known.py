"""What somebody knows too well to judge it blind."""

from sqlalchemy import ColumnElement, Connection, and_, not_, or_, select, tuple_

from orchestration.ledger.labels import SCORED
from orchestration.ledger.review_tasks import ReviewTask
from orchestration.ledger.tables import (
    answers,
    case_alerts,
    cases,
    decisions,
    labels,
    outcomes,
    review_tasks,
)
from orchestration.review.errors import ReviewError


def unknown_to(who: str) -> ColumnElement[bool]:
    """Of review tasks: those whose unit the person never judged.

    Not in a task, in a case or by any label, and it is in no case that they have. A scored window
    is of no case, so there the entity counts: whoever decided on it knows what was found.
    """
    t = review_tasks.c
    decided = outcomes.join(decisions, decisions.c.decision_id == outcomes.c.decision_id)
    at_hand = case_alerts.join(cases, cases.c.case_id == case_alerts.c.case_id)
    units = (
        select(answers.c.unit_id).where(answers.c.rater == who),
        select(labels.c.unit_id).where(labels.c.rater == who),
        select(outcomes.c.alert_id)
        .select_from(decided)
        .where(decisions.c.decider == who, outcomes.c.alert_id.is_not(None)),
        select(case_alerts.c.alert_id).select_from(at_hand).where(cases.c.assignee == who),
    )
    entities = (
        select(outcomes.c.entity_type, outcomes.c.entity)
        .select_from(decided)
        .where(decisions.c.decider == who)
    )
    scored = t.unit_id.startswith(SCORED, autoescape=True)
    return and_(
        *(t.unit_id.not_in(some) for some in units),
        or_(not_(scored), tuple_(t.entity_type, t.entity).not_in(entities)),
    )


def is_unknown(connection: Connection, task: ReviewTask, who: str) -> bool:
    """Whether the person never judged the task's unit, whatever it was called."""
    t = review_tasks.c
    mine = select(t.task_id).where(t.task_id == task.task_id, unknown_to(who))
    return connection.execute(mine).one_or_none() is not None


def require_unknown(connection: Connection, task: ReviewTask, who: str) -> None:
    """Raise ReviewError if the person judged the task's unit before."""
    if not is_unknown(connection, task, who):
        raise ReviewError(
            f"{who} has judged the unit of the task {task.task_id} before, or has it in a case; "
            "wanted somebody who sees it for the first time. Leave it to somebody else."
        )
