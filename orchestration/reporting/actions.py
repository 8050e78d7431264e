"""Enforcements, appeals and blind reviews as frames, from the ledger."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, or_, select

from orchestration.ledger.enforcement_states import AppealState
from orchestration.ledger.tables import answers, appeals, decisions, enforcements, review_tasks
from orchestration.reporting.casework import APART, MOMENT, NONE
from orchestration.reporting.window import Window

GOLDEN = "golden"
DECIDED = ("upheld", "overturned", "partial")
OF_ENFORCEMENTS: dict[str, Any] = {
    "enforcement_id": pl.String,
    "product": pl.String,
    "monitor": pl.String,
    "policy": pl.String,
    "applied_at": MOMENT,
}
OF_APPEALS: dict[str, Any] = {
    "appeal_id": pl.String,
    "enforcement_id": pl.String,
    "product": pl.String,
    "monitor": pl.String,
    "policy": pl.String,
    "received_at": MOMENT,
    "decided_at": MOMENT,
    "outcome": pl.String,  # null: not decided, or there was nothing to decide any more
}
OF_TASKS: dict[str, Any] = {"task_id": pl.String, "state": pl.String, "made_at": MOMENT}
OF_ANSWERS: dict[str, Any] = {
    "rater": pl.String,
    "minutes": pl.Float64,  # null for what was imported without them
    "answered_at": MOMENT,
}


def enforcements_frame(
    connection: Connection, window: Window, apart: Collection[str]
) -> pl.DataFrame:
    """A row for each live enforcement that was applied in the window."""
    e = enforcements.c
    found = _acted(e.enforcement_id, e.product, e.monitor, e.policy_id, e.alert_id, e.applied_at)
    inside = (e.mode == "live", e.applied_at >= window.start, e.applied_at < window.end)
    rows = [
        (row.enforcement_id, row.product, *_names(row, apart), row.applied_at)
        for row in connection.execute(found.where(*inside).order_by(e.enforcement_id))
    ]
    return pl.DataFrame(rows, schema=OF_ENFORCEMENTS, orient="row")


def appeals_frame(connection: Connection, since: datetime, apart: Collection[str]) -> pl.DataFrame:
    """A row for each appeal that was open, decided or about what was applied since then.

    Those that could not be heard are left out.
    """
    a, e = appeals.c, enforcements.c
    found = _acted(
        a.appeal_id,
        a.enforcement_id,
        a.product,
        e.monitor,
        e.policy_id,
        e.alert_id,
        a.received_at,
        a.decided_at,
        a.outcome,
    ).join(appeals, a.enforcement_id == e.enforcement_id)
    late = or_(a.decided_at.is_(None), a.decided_at >= since, e.applied_at >= since)
    rows = []
    heard = found.where(late, a.state != AppealState.INVALID)
    for row in connection.execute(heard.order_by(a.appeal_id)):
        outcome = row.outcome if row.outcome in DECIDED else None
        ids = (row.appeal_id, row.enforcement_id, row.product)
        rows.append((*ids, *_names(row, apart), row.received_at, row.decided_at, outcome))
    return pl.DataFrame(rows, schema=OF_APPEALS, orient="row")


def tasks_frame(connection: Connection, window: Window) -> pl.DataFrame:
    """A row for each unit to be judged blind, gold left out, that was made or not yet closed."""
    t = review_tasks.c
    found = select(t.task_id, t.state, t.made_at).where(
        t.kind != GOLDEN, t.made_at < window.end, or_(t.made_at >= window.start, _is_open())
    )
    rows = [tuple(row) for row in connection.execute(found.order_by(t.task_id))]
    return pl.DataFrame(rows, schema=OF_TASKS, orient="row")


def answers_frame(connection: Connection, window: Window) -> pl.DataFrame:
    """A row for each answer of the window, those to gold left out: they are no throughput."""
    n, t = answers.c, review_tasks.c
    found = (
        select(n.rater, n.taken_at, n.answered_at)
        .join(review_tasks, t.task_id == n.task_id)
        .where(t.kind != GOLDEN, n.answered_at >= window.start, n.answered_at < window.end)
    )
    rows = [
        (
            row.rater,
            (row.answered_at - row.taken_at).total_seconds() / 60 if row.taken_at else None,
            row.answered_at,
        )
        for row in connection.execute(found.order_by(n.answer_id))
    ]
    return pl.DataFrame(rows, schema=OF_ANSWERS, orient="row")


def _acted(*wanted: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's own generics
    """Enforcements with the case that each came of."""
    d, e = decisions.c, enforcements.c
    joined = enforcements.outerjoin(decisions, d.decision_id == e.decision_id)
    return select(*wanted, d.case_id).select_from(joined)


def _names(row: Any, apart: Collection[str]) -> tuple[str, str]:  # noqa: ANN401 - a row of a query
    """Monitor and policy; of what came of a restricted case neither."""
    if row.case_id in apart or row.alert_id in apart:
        return APART, APART
    return row.monitor or NONE, row.policy_id


def _is_open() -> Any:  # noqa: ANN401 - SQLAlchemy's own generics
    return review_tasks.c.state.in_(("open", "leased", "disputed"))
