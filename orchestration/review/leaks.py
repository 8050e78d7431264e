"""Golden items that are known to too many: who knows an item is not measured by it."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from orchestration.ledger.case_states import OPEN
from orchestration.ledger.tables import (
    answers,
    case_alerts,
    case_entities,
    cases,
    golden,
    review_tasks,
)

SHARE = 0.75  # of the raters: by then it is talked about
CROWD = 4  # raters; of fewer, three quarters are all of them but none
RECENT = timedelta(days=90)


def leaked(connection: Connection, now: datetime) -> frozenset[str]:
    """Ids of items of a set that are in an open case, or that most of the raters have answered.

    An item is in a case where its alert or its entity is. Raters are those who answered any gold of
    the product in the last 90 days; where they are fewer than four, no share tells anything.
    """
    return _in_cases(connection) | _answered(connection, now)


def _in_cases(connection: Connection) -> frozenset[str]:
    g, open_ = golden.c, cases.c.state.in_(sorted(OPEN))
    alerts = (
        select(case_alerts.c.alert_id)
        .join(cases, cases.c.case_id == case_alerts.c.case_id)
        .where(case_alerts.c.current, open_)
    )
    named = and_(case_entities.c.entity_type == g.entity_type, case_entities.c.entity == g.entity)
    entities = (
        select(case_entities.c.case_id)
        .join(cases, cases.c.case_id == case_entities.c.case_id)
        .where(named, open_)
        .exists()
    )
    known = select(g.golden_id).where(g.retired_at.is_(None), or_(g.unit_id.in_(alerts), entities))
    return frozenset(connection.scalars(known))


def _answered(connection: Connection, now: datetime) -> frozenset[str]:
    a, t, g = answers.c, review_tasks.c, golden.c
    gold = (
        select(g.golden_id, g.product, a.rater)
        .join(review_tasks, t.golden_id == g.golden_id)
        .join(answers, a.task_id == t.task_id)
    )
    recent = gold.where(a.answered_at > now - RECENT).subquery()
    raters = (
        select(recent.c.product, func.count(recent.c.rater.distinct()).label("n"))
        .group_by(recent.c.product)
        .subquery()
    )
    each = gold.subquery()
    counted = (
        select(each.c.golden_id)
        .join(raters, raters.c.product == each.c.product)
        .join(golden, g.golden_id == each.c.golden_id)
        .where(raters.c.n >= CROWD, g.retired_at.is_(None))
        .group_by(each.c.golden_id, raters.c.n)
        .having(func.count(each.c.rater.distinct()) >= SHARE * raters.c.n)
    )
    return frozenset(connection.scalars(counted))
