"""Alerts as the ledger holds them: the reducer's records, a row each."""

from collections.abc import Iterable
from dataclasses import fields

from sqlalchemy import Connection, RowMapping, select

from monitors.contract import Severity
from orchestration.alerts.records import Ack, Alert, AlertState
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import digest_record
from orchestration.ledger.tables import alerts

FIELDS = [field.name for field in fields(Alert) if field.name not in {"key", "ack"}]
# Counts, and what follows from settings: they change without an act of anybody.
NOT_AUDITED = {"version", "first_seen", "last_seen", "last_partition", "count", "shadow"}


def alert_digest(alert: Alert) -> str:
    """SHA-256 of what only an audited act may change."""
    row = write_row(alert)
    return digest_record({name: row[name] for name in row if name not in NOT_AUDITED})


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


def going_on(connection: Connection) -> list[Alert]:
    """Every alert that is not closed, by dedup key."""
    rows = select(alerts).where(alerts.c.state != AlertState.CLOSED).order_by(alerts.c.dedup_key)
    return [read_alert(row) for row in connection.execute(rows).mappings()]


def of_ids(connection: Connection, ids: Iterable[str]) -> list[Alert]:
    """The alerts of some ids, in the order of ids; those that are not there are left out."""
    rows = select(alerts).where(alerts.c.alert_id.in_(list(ids))).order_by(alerts.c.alert_id)
    return [read_alert(row) for row in connection.execute(rows).mappings()]


def read_alert(row: RowMapping) -> Alert:
    """The alert that a row of the table holds."""
    by = row["ack_by"]
    return Alert(
        **{
            **{name: row[name] for name in FIELDS},
            "key": row["dedup_key"],
            "severity": Severity(row["severity"]),
            "worst": Severity(row["worst"]),
            "state": AlertState(row["state"]),
            "ack": None if by is None else Ack(by, row["ack_at"], row["ack_until"]),
            "silenced_by": tuple(row["silenced_by"]),
            "inhibited_by": tuple(row["inhibited_by"]),
        }
    )


def write_row(alert: Alert) -> dict[str, object]:
    """The row that holds an alert."""
    row: dict[str, object] = {name: getattr(alert, name) for name in FIELDS}
    return {
        **row,
        "dedup_key": alert.key,
        "severity": int(alert.severity),
        "worst": int(alert.worst),
        "state": alert.state.value,
        "ack_by": alert.ack.by if alert.ack else None,
        "ack_at": alert.ack.at if alert.ack else None,
        "ack_until": alert.ack.until if alert.ack else None,
        "silenced_by": list(alert.silenced_by),
        "inhibited_by": list(alert.inhibited_by),
    }
