"""What people do to alerts. Each gives the state after it; who may do it is asked elsewhere."""

from dataclasses import replace
from datetime import datetime

from monitors.contract import Severity
from orchestration.alerts.errors import AlertError
from orchestration.alerts.life import moved
from orchestration.alerts.matchers import check_matchers
from orchestration.alerts.records import Ack, Alert, AlertState, Silence, State
from orchestration.alerts.rules import Config, refuse


def find(state: State, alert_id: str) -> Alert:
    """The episode with that id, or AlertError; a closed one is no longer in the state."""
    found = [alert for alert in state.alerts.values() if alert.alert_id == alert_id]
    if not found:
        raise AlertError(
            f"There is no alert {alert_id[:12]} that goes on; it may have closed. List the alerts."
        )
    return found[0]


def ack(state: State, *, alert_id: str, by: str, now: datetime, config: Config) -> State:
    """Somebody looks at a firing alert: it is not repeated until the ack of its severity ends.

    Raises AlertError for an alert that does not fire, naming who has it if somebody has.
    """
    alert = find(state, alert_id)
    if alert.ack is not None:
        raise AlertError(
            f"Alert {alert_id[:12]} was acked by {alert.ack.by} at {alert.ack.at:%H:%M} until "
            f"{alert.ack.until:%Y-%m-%d %H:%M} UTC; ask them."
        )
    until = now + config.ack_for[alert.severity]
    acked = replace(moved(alert, AlertState.ACKED, now=now), ack=Ack(by, now, until))
    return _with(state, acked)


def renew(state: State, *, alert_id: str, by: str, now: datetime, config: Config) -> State:
    """Whoever has an alert looks at its group again: their ack begins anew.

    Raises AlertError for one that they do not have.
    """
    alert = find(state, alert_id)
    if alert.ack is None or alert.ack.by != by:
        raise AlertError(f"Alert {alert_id[:12]} is not acked by {by}; ack it first.")
    until = now + config.ack_for[alert.severity]
    again = replace(alert, ack=Ack(by, now, until), revision=alert.revision + 1)
    return _with(state, again)


def lower(state: State, *, alert_id: str, severity: Severity, by: str, reason: str) -> State:
    """Lower an alert's severity, which nothing does by itself.

    Only a finding worse than all before raises it again. Raises AlertError without a person and a
    reason, or where the severity would not fall.
    """
    alert = find(state, alert_id)
    if not by.strip() or not reason.strip():
        raise AlertError("Lowering a severity needs an actor and a reason; give both.")
    if severity <= alert.severity:
        raise AlertError(
            f"Alert {alert_id[:12]} is S{alert.severity.value} and cannot be lowered to "
            f"S{severity.value}; wanted a lesser one."
        )
    return _with(state, replace(alert, severity=severity, revision=alert.revision + 1))


def silence(state: State, new: Silence, *, now: datetime, config: Config) -> State:
    """Add a silence. It ends sooner for alerts whose severity allows less.

    Raises AlertError when it would match everything, has no owner or reason, ends before it
    begins or in the past, is longer than any severity allows, or its id is taken.
    """
    check_matchers(new.matchers)
    longest = max(config.max_silence.values())
    wrong = {
        f"Silence '{new.silence_id}' is there already; give another id.": (
            new.silence_id in state.silences
        ),
        "A silence needs an owner and a reason; give both.": (
            not new.owner.strip() or not new.reason.strip()
        ),
        f"The silence runs from {new.starts} to {new.ends}; wanted an end after its start and "
        f"after {now}.": new.ends <= max(new.starts, now),
        f"The silence lasts {new.ends - new.starts}; the longest allowed is {longest}.": (
            new.ends - new.starts > longest
        ),
    }
    refuse(wrong)
    return replace(state, silences={**state.silences, new.silence_id: new})


def unsilence(state: State, *, silence_id: str) -> State:
    """End a silence; the next step tells what still fires. AlertError if it is not there."""
    if silence_id not in state.silences:
        known = ", ".join(sorted(state.silences)) or "none"
        raise AlertError(f"There is no silence '{silence_id}'; running: {known}.")
    rest = {key: known for key, known in state.silences.items() if key != silence_id}
    return replace(state, silences=rest)


def _with(state: State, alert: Alert) -> State:
    return replace(state, alerts={**state.alerts, alert.key: alert})
