"""What the ledger has about entities, in the order of time: alerts, cases, acts, appeals."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from monitors.columns import TIMESTAMP, schema
from orchestration.cases.members import Entity
from orchestration.cases.shut import Shut, shut
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.machines import where
from orchestration.ledger.tables import (
    alerts,
    appeals,
    case_entities,
    cases,
    decisions,
    enforcements,
    outcomes,
    reports,
    strikes,
)
from orchestration.oncall.people import Person
from orchestration.triage.desks import Desks

HIDDEN = "restricted"
TIMELINE = schema(
    {
        "at": TIMESTAMP,
        "kind": pl.String,
        "id": pl.String,
        "what": pl.String,
        "detail": pl.String,
    }
)
Row = tuple[datetime, str, str, str, str]
# When each of these happened to an enforcement.
STEPS = ("planned_at", "applied_at", "reversed_at")


def timeline(
    connection: Connection, who: Person, desks: Desks, entity: Entity, since: datetime
) -> pl.DataFrame:
    """One row for each thing about an entity since a time, oldest first.

    Of a restricted case, and of all that led to it or came of it, only that it exists is told to
    somebody without its skills. Who judged is told to nobody.
    """
    hidden = shut(connection, who, desks, [entity[1]])
    rows = [
        *_alerts(connection, entity, hidden),
        *_of_cases(_cases(connection, entity).values(), hidden),
        *_decisions(connection, entity, hidden),
        *_enforcements(connection, entity, hidden),
        *_strikes(connection, entity, hidden),
        *_reports(connection, entity, hidden),
    ]
    kept = sorted(row for row in rows if row[0] >= since)
    return pl.DataFrame(kept, schema=TIMELINE, orient="row")


def _cases(connection: Connection, entity: Entity) -> Mapping[str, Case]:
    ids = select(case_entities.c.case_id).where(
        case_entities.c.entity_type == entity[0], case_entities.c.entity == entity[1]
    )
    return where(connection, CASES, cases.c.case_id.in_(ids))


def _alerts(connection: Connection, entity: Entity, shut: Shut) -> Iterator[Row]:
    table = alerts.c
    mine = select(alerts).where(table.entity_type == entity[0], table.entity == entity[1])
    for row in connection.execute(mine).mappings():
        if row["alert_id"] in shut.alerts:
            yield row["opened_at"], "alert", row["alert_id"], HIDDEN, ""
            continue
        counted = f"S{row['severity']}, {row['state']}, {row['count'] - row['retracted']} findings"
        yield row["opened_at"], "alert", row["alert_id"], row["monitor"], counted


def _of_cases(mine: Iterable[Case], shut: Shut) -> Iterator[Row]:
    for case in mine:
        hidden = case.case_id in shut.cases
        what = HIDDEN if hidden else f"{case.harm}, {case.severity.name}"
        detail = "" if hidden else f"{case.state}, queue {case.queue}"
        yield case.opened_at, "case", case.case_id, what, detail
        if case.closed_at is not None and not hidden:
            yield case.closed_at, "case closed", case.case_id, what, detail


def _decisions(connection: Connection, entity: Entity, shut: Shut) -> Iterator[Row]:
    rows = (
        select(decisions, outcomes.c.outcome, outcomes.c.action)
        .join(outcomes, outcomes.c.decision_id == decisions.c.decision_id)
        .where(outcomes.c.entity_type == entity[0], outcomes.c.entity == entity[1])
    )
    for row in connection.execute(rows.distinct()).mappings():
        if row["case_id"] in shut.cases:
            yield row["decided_at"], "decision", row["decision_id"], HIDDEN, ""
            continue
        policy = f"{row['policy_id']} v{row['policy_version']}" if row["policy_id"] else "no policy"
        detail = f"{policy}, action {row['action'] or 'none'}"
        yield row["decided_at"], "decision", row["decision_id"], row["outcome"], detail


def _enforcements(connection: Connection, entity: Entity, shut: Shut) -> Iterator[Row]:
    e = enforcements.c
    rows = select(enforcements).where(e.target_type == entity[0], e.target == entity[1])
    ids = []
    for row in connection.execute(rows).mappings():
        hidden = row["enforcement_id"] in shut.enforcements
        if not hidden:
            ids.append(row["enforcement_id"])
        what = HIDDEN if hidden else row["action"]
        detail = "" if hidden else f"{row['mode']}, {row['state']}, {row['policy_id']}"
        for step in STEPS:
            if row[step] is not None:
                kind = f"enforcement {step.removesuffix('_at')}"
                yield row[step], kind, row["enforcement_id"], what, detail
    yield from _appeals(connection, ids)


def _appeals(connection: Connection, enforcement_ids: list[str]) -> Iterator[Row]:
    mine = select(appeals).where(appeals.c.enforcement_id.in_(enforcement_ids))
    for row in connection.execute(mine).mappings():
        detail: Any = row["outcome"] or ""
        yield row["received_at"], "appeal", row["appeal_id"], row["state"], detail
        if row["decided_at"] is not None:
            yield row["decided_at"], "appeal decided", row["appeal_id"], row["state"], detail


def _strikes(connection: Connection, entity: Entity, shut: Shut) -> Iterator[Row]:
    c = strikes.c
    rows = select(strikes).where(c.entity_type == entity[0], c.entity == entity[1])
    for row in connection.execute(rows).mappings():
        hidden = row["enforcement_id"] in shut.enforcements
        what = HIDDEN if hidden else row["policy_id"]
        taken = "taken back" if row["removed_at"] else "counts"
        detail = "" if hidden else f"weight {row['weight']}, {taken}"
        yield row["at"], "strike", row["strike_id"], what, detail


def _reports(connection: Connection, entity: Entity, shut: Shut) -> Iterator[Row]:
    """Reports about it; never whose they are."""
    table = reports.c
    mine = select(reports).where(table.target_type == entity[0], table.target == entity[1])
    for row in connection.execute(mine).mappings():
        hidden = row["case_id"] in shut.cases
        reason = HIDDEN if hidden else row["reason"] or "no reason"
        detail = "" if hidden else f"weight {row['weight']:.2f}"
        yield row["at"], "report", row["report_id"], reason, detail
