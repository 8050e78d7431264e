"""An alert as the command line shows it."""

from collections.abc import Mapping

import polars as pl

from orchestration.alerts.records import Alert
from orchestration.cli.alerts_desk import Desk

SHORT = 12  # digits of an id in a table
MOMENT = pl.Datetime("us", "UTC")
LIST = {
    "alert_id": pl.String(),
    "severity": pl.String(),
    "state": pl.String(),
    "mode": pl.String(),
    "monitor": pl.String(),
    "harm": pl.String(),
    "entity": pl.String(),
    "findings": pl.Int64(),
    "first_seen": pl.Datetime("us", "UTC"),
    "last_seen": pl.Datetime("us", "UTC"),
    "held_by": pl.String(),
    "muted_by": pl.String(),
}

Real = Mapping[tuple[str, str], str]  # entities by type and pseudonym


def mode_of(here: Desk, alert: Alert) -> str | None:
    """The effective mode of the alert's monitor; None if nobody watches it any more."""
    known = here.watched.get(alert.monitor)
    return known.mode.value if known else None


def _muted_by(alert: Alert) -> str | None:
    parts = ["shadow"] if alert.shadow else []
    parts += [f"silence {one}" for one in alert.silenced_by]
    parts += [f"alert {one[:SHORT]}" for one in alert.inhibited_by]
    return ", ".join(parts) or None


def row_of(here: Desk, alert: Alert, real: Real, *, short: bool) -> tuple[object, ...]:
    """A row of the list; its id is cut where people read it."""
    return (
        alert.alert_id[:SHORT] if short else alert.alert_id,
        alert.severity.name,
        alert.state.value,
        mode_of(here, alert),
        alert.monitor,
        alert.harm,
        real.get((alert.entity_type, alert.entity), alert.entity),
        alert.standing,
        alert.first_seen,
        alert.last_seen,
        alert.ack.by if alert.ack else None,
        _muted_by(alert),
    )


def record_of(here: Desk, alert: Alert, real: Real) -> dict[str, object]:
    """Everything of one alert."""
    row = dict(zip(LIST, row_of(here, alert, real, short=False), strict=True))
    return {
        **row,
        "version": alert.version,
        "entity_type": alert.entity_type,
        "worst": alert.worst.name,
        "opened_at": alert.opened_at,
        "changed_at": alert.changed_at,
        "findings_ever": alert.count,
        "retracted": alert.retracted,
        "flaps": alert.flaps,
        "acked_until": alert.ack.until if alert.ack else None,
    }
