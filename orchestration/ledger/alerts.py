"""Alerts as the ledger holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from monitors.contract import Severity
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import digest_record
from orchestration.ledger.states import AlertState
from orchestration.ledger.tables import alerts

# Counts, and what follows from settings: they change without an act of anybody.
NOT_AUDITED = {"group_key", "labels", "resolve_after", "last_seen", "count", "clean_count"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of what shares a dedup key. `entity` is a pseudonym; `labels` are for routing.

    `state_at` is when the state began, `flaps` how often it fired again after it was resolved,
    `revision` how often it was changed. Silenced, inhibited and stale are beside the state.
    """

    alert_id: str
    dedup_key: str
    episode: int
    group_key: str
    monitor: str
    version: int
    mode: str
    product: str
    harm: str
    entity_type: str
    entity: str
    labels: Mapping[str, str]
    severity: Severity
    first_seen: datetime
    last_seen: datetime
    state_at: datetime
    count: int = 1
    resolve_after: int = 1
    state: AlertState = AlertState.PENDING
    clean_count: int = 0
    flaps: int = 0
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    stale_source: bool = False
    ack_by: str | None = None
    ack_at: datetime | None = None
    ack_until: datetime | None = None
    revision: int = 1


FIELDS = [field.name for field in fields(Alert)]
AUDITED = [name for name in FIELDS if name not in NOT_AUDITED]


def alert_digest(alert: Alert) -> str:
    """SHA-256 of what only an audited act may change."""
    return digest_record({name: getattr(alert, name) for name in AUDITED})


def alert_of(connection: Connection, alert_id: str) -> Alert:
    """One alert; LedgerError if there is none of that id."""
    same = select(alerts).where(alerts.c.alert_id == alert_id)
    row = connection.execute(same).mappings().one_or_none()
    if row is None:
        raise LedgerError(
            f"There is no alert of the id given ({len(alert_id)} characters); "
            "wanted one of the ledger's. Copy it from where alerts are listed."
        )
    return read_alert(row)


def read_alert(row: RowMapping) -> Alert:
    """The alert that a row of the table holds."""
    return Alert(
        **{
            **{name: row[name] for name in FIELDS},
            "severity": Severity(row["severity"]),
            "state": AlertState(row["state"]),
            "silenced_by": tuple(row["silenced_by"]),
            "inhibited_by": tuple(row["inhibited_by"]),
        }
    )


def write_row(alert: Alert) -> dict[str, object]:
    """The row that holds an alert."""
    row = {name: getattr(alert, name) for name in FIELDS}  # `asdict` would copy it deeply
    return {**row, "labels": dict(alert.labels), "severity": int(alert.severity)}
