"""The life of an alert: which state may follow which, and what time and clean runs bring about."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitors.contract import Severity
from orchestration.alerts.errors import AlertError
from orchestration.alerts.records import Alert, AlertState, Taken, TakenKey
from orchestration.alerts.rules import ZERO, Config

PENDING, FIRING, ACKED = AlertState.PENDING, AlertState.FIRING, AlertState.ACKED
RESOLVED, CLOSED = AlertState.RESOLVED, AlertState.CLOSED
MOVES = frozenset(
    {
        (PENDING, FIRING),
        (FIRING, ACKED),
        (FIRING, RESOLVED),
        (ACKED, FIRING),
        (ACKED, RESOLVED),
        (RESOLVED, FIRING),
        (RESOLVED, CLOSED),
    }
)


def moved(alert: Alert, to: AlertState, *, now: datetime) -> Alert:
    """The alert in its next state, without its ack; AlertError if that may not follow."""
    if (alert.state, to) not in MOVES:
        nexts = sorted(after for before, after in MOVES if before is alert.state)
        raise AlertError(
            f"Alert {alert.alert_id[:12]} is {alert.state} and cannot become {to}; "
            f"wanted one of {nexts or 'none: it is final'}. Look at it again."
        )
    return replace(alert, state=to, changed_at=now, ack=None, revision=alert.revision + 1)


class Runs:
    """Which partitions each monitor ran on completely, and whether its newest one was."""

    def __init__(self, taken: Mapping[TakenKey, Taken]) -> None:
        self._complete: defaultdict[str, list[datetime]] = defaultdict(list)
        self._newest: dict[str, tuple[datetime, bool]] = {}
        for key, evaluation in taken.items():
            self.add(key, evaluation)

    def add(self, key: TakenKey, evaluation: Taken) -> None:
        """Count one evaluation; that of an hour still open proves nothing about the hour."""
        monitor, _, end = key
        complete = evaluation.status == "complete"
        if monitor not in self._newest or end >= self._newest[monitor][0]:
            self._newest[monitor] = (end, complete)
        ends = self._complete[monitor]
        at = bisect_right(ends, end)
        if complete and evaluation.as_of >= end and ends[at - 1 : at] != [end]:
            insort(ends, end)

    def clean(self, alert: Alert) -> int:
        """Complete evaluations after the last that found the alert; others do not count (I12)."""
        ends = self._complete.get(alert.monitor, [])
        return len(ends) - bisect_right(ends, alert.last_partition)

    def clean_for(self, alert: Alert) -> timedelta:
        """From the last partition that found the alert to the end of the last complete one."""
        ends = self._complete.get(alert.monitor, [])
        return max(ends[-1] - alert.last_partition, ZERO) if ends else ZERO

    def fresh(self, alert: Alert) -> bool:
        """Whether the newest evaluation of the alert's monitor was complete."""
        return self._newest.get(alert.monitor, (None, False))[1]


def lived(
    alerts: Mapping[str, Alert], *, runs: Runs, now: datetime, config: Config
) -> dict[str, Alert]:
    """The alerts as they are after all that is due by now."""
    return {key: _lived(alert, runs, now, config) for key, alert in alerts.items()}


def _lived(alert: Alert, runs: Runs, now: datetime, config: Config) -> Alert:
    if alert.state is PENDING:
        fired = moved(alert, FIRING, now=now)
        return fired if alert.standing else moved(fired, RESOLVED, now=now)
    if alert.state is RESOLVED:
        return alert
    if not alert.standing:
        return moved(alert, RESOLVED, now=now)
    # What a backlog found fires first, however long ago it went clean: somebody must hear of it.
    waited = alert.changed_at < now
    clean = runs.clean(alert) >= config.resolve_after and runs.clean_for(alert) >= config.clean_for
    if waited and clean and runs.fresh(alert):
        return moved(alert, RESOLVED, now=now)
    if alert.ack is not None and alert.ack.until <= now:
        return replace(moved(alert, FIRING, now=now), lapses=alert.lapses + 1)
    return alert


def fired_again(alert: Alert, *, now: datetime, config: Config) -> Alert:
    """A resolved alert that was found again; a flap if that was soon."""
    flaps = alert.flaps + (now - alert.changed_at <= config.flap_window)
    return replace(moved(alert, FIRING, now=now), fires=alert.fires + 1, flaps=flaps)


def raised(alert: Alert, severity: Severity, *, now: datetime) -> Alert:
    """The alert, at least as severe as a finding worse than all before it.

    A finding no worse than an earlier one changes nothing: a person may have lowered the alert.
    Until it is settled nobody has seen it, so that it starts out as severe.
    """
    if severity >= alert.worst:
        return alert
    worse = replace(alert, worst=severity, severity=min(alert.severity, severity))
    if worse.severity == alert.severity or alert.state is PENDING:
        return worse
    worse = replace(worse, raises=worse.raises + 1, revision=worse.revision + 1)
    return moved(worse, FIRING, now=now) if alert.state is ACKED else worse


def close_quiet(
    alerts: Mapping[str, Alert], *, now: datetime, config: Config
) -> tuple[dict[str, Alert], tuple[Alert, ...]]:
    """The alerts that go on, and the episodes that ended: resolved, and quiet for long enough."""
    ended = [
        alert
        for alert in alerts.values()
        if alert.state is RESOLVED
        and max(alert.last_partition, alert.changed_at) + config.quiet <= now
    ]
    keys = {alert.key for alert in ended}
    going = {key: alert for key, alert in alerts.items() if key not in keys}
    return going, tuple(moved(alert, CLOSED, now=now) for alert in ended)
