"""Writing what became of alerts: the one place where an alert's row changes."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, insert, update

from monitors.contract import Severity
from orchestration.alerts.records import Alert, AlertState
from orchestration.ledger.acts import Act
from orchestration.ledger.alerts import alert_digest, write_row
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id
from orchestration.ledger.states import ALERT, permitted
from orchestration.ledger.tables import alerts

IDS = ("alert_id", "key", "entity", "entity_type", "monitor", "product", "harm")
FLAGS = ("silenced_by", "inhibited_by", "shadow")


def write_alerts(
    connection: Connection, *, before: Mapping[str, Alert], after: Iterable[Alert], act: Act
) -> int:
    """Write alerts as they have become, with an audit row for each act; how many rows changed.

    `before` are the alerts by id as this transaction found them; one that is not among them is
    new. Counts change without an audit row. Raises LedgerError, and writes nothing, for a change
    that the state table does not have, or does not give to this kind of actor.
    """
    changed = [alert for alert in after if before.get(alert.alert_id) != alert]
    acts = [made for alert in changed if (made := _act(before.get(alert.alert_id), alert, act))]
    new = [alert for alert in changed if alert.alert_id not in before]
    old = [alert for alert in changed if alert.alert_id in before]
    connection = writer(connection)
    closed_first = sorted(old, key=lambda alert: alert.state != "closed")
    for alert in closed_first:  # a new episode needs the old one closed
        same = alerts.c.alert_id == bindparam("found")
        connection.execute(
            update(alerts).where(same), {**write_row(alert), "found": alert.alert_id}
        )
    if new:
        connection.execute(insert(alerts), [write_row(alert) for alert in new])
    append_all(connection, act=act, changes=acts)
    return len(changed)


def _act(before: Alert | None, after: Alert, act: Act) -> Change | None:
    """What the audit says of one change; None where only counts are different."""
    _check(after)
    if before is None:
        if act.actor.kind != "system":
            raise LedgerError(
                f"Alert {after.alert_id} would be opened by '{act.actor.id}'; wanted a system. "
                "Alerts come from findings."
            )
        return Change("open", f"alert:{after.alert_id}", None, alert_digest(after))
    was, now = alert_digest(before), alert_digest(after)
    if was == now:
        return None
    return Change(_verb(before, after, act), f"alert:{after.alert_id}", was, now)


def _verb(before: Alert, after: Alert, act: Act) -> str:
    if after.severity > before.severity and act.actor.kind != "person":
        raise LedgerError(
            f"Alert {after.alert_id} is S{before.severity:d} and '{act.actor.id}' would lower "
            f"it to S{after.severity:d}; wanted a person. By itself a severity only rises."
        )
    if before.state != after.state:
        what = f"Alert {after.alert_id}"
        return permitted(ALERT, what=what, found=before.state, to=after.state, act=act).verb
    if before.severity != after.severity:
        return "set_severity"
    if before.ack != after.ack:
        rule = ALERT[AlertState.FIRING, AlertState.ACKED]
        if act.actor.kind not in rule.by:
            raise LedgerError(
                f"Alert {after.alert_id} would be acked anew by '{act.actor.id}'; wanted a person."
            )
        return rule.verb
    flags = any(getattr(before, name) != getattr(after, name) for name in FLAGS)
    return "set_flags" if flags else "amend"


def _check(alert: Alert) -> None:
    for name in IDS:
        check_id(name, getattr(alert, name))
    for muting in (*alert.silenced_by, *alert.inhibited_by):
        check_id("what mutes the alert", muting)
    grave = alert.severity == Severity.S0
    if alert.inhibited_by and (grave or alert.alert_id in alert.inhibited_by):
        raise LedgerError(
            f"Alert {alert.alert_id} cannot be inhibited by {', '.join(alert.inhibited_by)}; "
            "wanted another alert's id, and none for S0. Mend the inhibition's matchers."
        )
