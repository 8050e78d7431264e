"""Opening an alert, and every change of its state, severity and flags."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, update

from monitors.contract import Severity
from orchestration.ledger.acts import Act
from orchestration.ledger.alerts import Alert, alert_digest, alert_of, write_row
from orchestration.ledger.audit import append
from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.states import ALERT, AlertState, permitted
from orchestration.ledger.tables import alerts


def open_alert(
    connection: Connection, *, alert: Alert, act: Act, intents: Sequence[Intent] = ()
) -> Alert:
    """Write a new alert, which is pending, with its audit row and intents.

    Raises LedgerError if it is not new, and IntegrityError if its dedup key has an open episode.
    """
    if alert.state != AlertState.PENDING or alert.revision != 1:
        raise LedgerError(
            f"A new alert is {alert.state} at revision {alert.revision}; "
            "wanted pending at 1. Open it so, then change it by `transition`."
        )
    for name in ("alert_id", "dedup_key", "group_key", "entity", "entity_type", "monitor"):
        check_id(name, getattr(alert, name))
    for name, value in alert.labels.items():
        check_id(f"label '{check_id('a label', name)}'", value)
    connection = writer(connection)
    connection.execute(insert(alerts), write_row(alert))
    _record(connection, alert, act, verb="open", before=None, intents=intents)
    return alert


def transition(
    connection: Connection,
    *,
    alert_id: str,
    to: AlertState,
    act: Act,
    seen: int | None = None,
    ack_until: datetime | None = None,
    intents: Sequence[Intent] = (),
) -> Alert:
    """Move an alert to another state, with its audit row and intents; the alert as it is then.

    `seen` is the revision that the actor looked at. Raises LedgerError, and changes nothing, if the
    table has no such change for this actor, the alert has changed since, a stale source would
    resolve it, or an ack has no end ahead.
    """
    found = alert_of(writer(connection), alert_id)
    what = f"Alert {alert_id}"
    rule = permitted(ALERT, what=what, found=found.state, to=to, act=act)
    if seen is not None and seen != found.revision:
        raise LedgerError(
            f"{what} is at revision {found.revision} and was seen at {seen}: somebody was first. "
            "Look at it again."
        )
    if to == AlertState.RESOLVED and found.stale_source:
        raise LedgerError(
            f"{what} has a stale source, which never resolves it; wanted a source that delivers. "
            "Mend the source."
        )
    moved = _moved(found, to, act, ack_until)
    return _change(connection, found, moved, act=act, verb=rule.verb, intents=intents)


def change_severity(
    connection: Connection,
    *,
    alert_id: str,
    severity: Severity,
    act: Act,
    intents: Sequence[Intent] = (),
) -> Alert:
    """Raise or lower an alert's severity. Only a person lowers it; one raised to S0 is uninhibited.

    Raises LedgerError if a system would lower it, or if it is that severe already.
    """
    found = alert_of(writer(connection), alert_id)
    if severity == found.severity:
        raise LedgerError(f"Alert {alert_id} is S{severity:d} already; wanted another severity.")
    if severity > found.severity and act.actor.kind != "person":
        raise LedgerError(
            f"Alert {alert_id} is S{found.severity:d} and '{act.actor.id}' would lower it to "
            f"S{severity:d}; wanted a person. By itself a severity only rises."
        )
    inhibited_by = () if severity == Severity.S0 else found.inhibited_by
    changed = replace(found, severity=severity, inhibited_by=inhibited_by)
    return _change(connection, found, changed, act=act, verb="set_severity", intents=intents)


def change_flags(
    connection: Connection,
    *,
    alert_id: str,
    act: Act,
    silenced_by: tuple[str, ...] | None = None,
    inhibited_by: tuple[str, ...] | None = None,
    stale_source: bool | None = None,
    intents: Sequence[Intent] = (),
) -> Alert:
    """Set what mutes an alert, by ids, and whether its source is stale. None leaves a flag be.

    The state stays. Without a difference nothing is written. Raises LedgerError for an S0 that
    would be inhibited, and for an alert that would inhibit itself.
    """
    found = alert_of(writer(connection), alert_id)
    changed = replace(
        found,
        silenced_by=found.silenced_by if silenced_by is None else tuple(sorted(silenced_by)),
        inhibited_by=found.inhibited_by if inhibited_by is None else tuple(sorted(inhibited_by)),
        stale_source=found.stale_source if stale_source is None else stale_source,
    )
    for name in (*changed.silenced_by, *changed.inhibited_by):
        check_id("what mutes the alert", name)
    if changed.inhibited_by and (found.severity == Severity.S0 or alert_id in changed.inhibited_by):
        raise LedgerError(
            f"Alert {alert_id} cannot be inhibited by {', '.join(changed.inhibited_by)}; "
            "wanted another alert's id, and none for S0. Mend the inhibition's matchers."
        )
    if changed == found:
        return found
    return _change(connection, found, changed, act=act, verb="set_flags", intents=intents)


def _moved(found: Alert, to: AlertState, act: Act, ack_until: datetime | None) -> Alert:
    """The alert in its next state, with what belongs to that state."""
    moved = replace(found, state=to, state_at=act.at)
    if to == AlertState.ACKED:
        if ack_until is None or ack_until <= act.at:
            raise LedgerError(
                f"An ack of alert {found.alert_id} at {act.at} ends at {ack_until}; "
                "wanted a later time. Say until when."
            )
        return replace(moved, ack_by=act.actor.id, ack_at=act.at, ack_until=ack_until)
    if to == AlertState.FIRING:
        again = found.state == AlertState.RESOLVED
        moved = replace(moved, flaps=found.flaps + again, clean_count=0)
        return replace(moved, ack_by=None, ack_at=None, ack_until=None)
    return moved


def _change(
    connection: Connection,
    found: Alert,
    changed: Alert,
    *,
    act: Act,
    verb: str,
    intents: Sequence[Intent],
) -> Alert:
    after = replace(changed, revision=found.revision + 1)
    same = alerts.c.alert_id == bindparam("found")
    connection.execute(update(alerts).where(same), {**write_row(after), "found": found.alert_id})
    _record(connection, after, act, verb=verb, before=alert_digest(found), intents=intents)
    return after


def _record(
    connection: Connection,
    alert: Alert,
    act: Act,
    *,
    verb: str,
    before: str | None,
    intents: Sequence[Intent],
) -> None:
    seq = append(
        connection,
        act=act,
        verb=verb,
        object_id=f"alert:{alert.alert_id}",
        before=before,
        after=alert_digest(alert),
    )
    enqueue(connection, intents=intents, audit_seq=seq, now=act.at)
