"""Ledgers for tests: alerts, acts and the states of all of it in a few words."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from monitors.contract import Severity
from orchestration.ledger.acts import Act, Actor, Kind
from orchestration.ledger.alerts import Alert
from orchestration.ledger.outbox import Intent
from orchestration.ledger.tables import metadata

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def act(minutes: int = 0, *, kind: Kind = "system", who: str = "intake", why: str = "new") -> Act:
    """An act so many minutes after noon."""
    return Act(Actor(who, kind), NOON + timedelta(minutes=minutes), why)


def person(minutes: int = 0, *, who: str = "ana", why: str = "I look at it") -> Act:
    """A person's act."""
    return act(minutes, kind="person", who=who, why=why)


def alert(alert_id: str = "a1", *, dedup_key: str | None = None, episode: int = 1) -> Alert:
    """A new alert of an own dedup key."""
    return Alert(
        alert_id=alert_id,
        dedup_key=dedup_key or f"key-{alert_id}",
        episode=episode,
        group_key="group-1",
        monitor="web/scraping",
        version=2,
        mode="review",
        product="web",
        harm="platform_abuse",
        entity_type="ip",
        entity="ip_7f3a09c2e1d4",
        labels={"team": "web-integrity"},
        severity=Severity.S2,
        first_seen=NOON,
        last_seen=NOON,
        state_at=NOON,
    )


def intent(outbox_id: str = "o1") -> Intent:
    """Something to be told."""
    return Intent(outbox_id, "slack", {"alert": "a1", "count": 3, "groups": ["g1"]}, NOON)


def count(connection: Connection, table: str) -> int:
    """Rows of a table."""
    rows = select(func.count()).select_from(metadata.tables[table])
    return connection.execute(rows).scalar_one()
