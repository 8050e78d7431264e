"""Ledgers for tests: alerts, acts and the states of all of it in a few words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from monitors.contract import Severity
from orchestration.alerts.records import Ack, Alert, AlertState
from orchestration.ledger.acts import Act, Actor, Kind
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.alerts import alert_of
from orchestration.ledger.outbox import Intent, Payload
from orchestration.ledger.tables import metadata

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACK = Ack("ana", NOON + timedelta(minutes=2), NOON + timedelta(hours=2))


def act(minutes: int = 0, *, kind: Kind = "system", who: str = "intake", why: str = "new") -> Act:
    """An act so many minutes after noon."""
    return Act(Actor(who, kind), NOON + timedelta(minutes=minutes), why)


def person(minutes: int = 0, *, who: str = "ana", why: str = "I look at it") -> Act:
    """A person's act."""
    return act(minutes, kind="person", who=who, why=why)


def alert(alert_id: str = "a1", **changed: Any) -> Alert:  # noqa: ANN401 - any part of it
    """A new alert of an own dedup key, otherwise as told."""
    made = Alert(
        alert_id=alert_id,
        key=f"key-{alert_id}",
        monitor="web/scraping",
        version=2,
        product="web",
        harm="platform_abuse",
        entity_type="ip",
        entity="ip_7f3a09c2e1d4",
        severity=Severity.S2,
        worst=Severity.S2,
        state=AlertState.PENDING,
        opened_at=NOON,
        changed_at=NOON,
        first_seen=NOON - timedelta(hours=1),
        last_seen=NOON,
        last_partition=NOON,
    )
    return replace(made, **changed)


def opened(connection: Connection, *alerts: Alert, minutes: int = 0) -> None:
    """Write new alerts."""
    write_alerts(connection, before={}, after=alerts, act=act(minutes))


def changed(
    connection: Connection,
    by: Act,
    alert_id: str = "a1",
    **values: Any,  # noqa: ANN401 - any part of it
) -> Alert:
    """Change an alert of the ledger, as the reducer would, and give it as it is then."""
    before = alert_of(connection, alert_id)
    after = replace(before, revision=before.revision + 1, **values)
    write_alerts(connection, before={alert_id: before}, after=[after], act=by)
    return alert_of(connection, alert_id)


def intent(outbox_id: str = "o1") -> Intent:
    """Something to be told."""
    payload: Payload = {"alert": "a1", "count": 3, "groups": ["g1"]}
    return Intent(outbox_id, "notice", "C0ABUSE", payload, NOON, lane=2)


def count(connection: Connection, table: str) -> int:
    """Rows of a table."""
    rows = select(func.count()).select_from(metadata.tables[table])
    return connection.execute(rows).scalar_one()
