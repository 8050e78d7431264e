"""Says of one alert why it was or was not told, what mutes it, and when it is next told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestration.alerts.actions import find
from orchestration.alerts.groups import Group, grouped
from orchestration.alerts.life import Runs
from orchestration.alerts.mutes import ends_for, labels_of_all, with_flags
from orchestration.alerts.notices import Outlook, outlook
from orchestration.alerts.records import Alert, AlertState, Reason, State, Told, Watched
from orchestration.alerts.rules import Config

TIME = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True)
class Telling:
    """One alert at one receiver: when and why it was last told, and when and why it will be.

    `next_at` is None where nothing is to be told unless something changes.
    """

    route: str
    receiver: str
    told_at: datetime | None
    told_reason: str
    next_at: datetime | None
    next_reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an alert was or was not told: what it is, what mutes it, and each receiver's part."""

    alert_id: str
    standing: str
    mutes: tuple[str, ...]
    tellings: tuple[Telling, ...]

    def lines(self) -> list[str]:
        """The explanation for a person, one fact per line."""
        return [self.standing, *self.mutes, *(_line(telling) for telling in self.tellings)]


def explain(
    state: State,
    *,
    alert_id: str,
    watched: Mapping[str, Watched],
    now: datetime,
    config: Config,
) -> Explanation:
    """Explain an alert as of now, with the settings of now. Raises AlertError if it is not there.

    `state` is the last step's; what has come since is not in it.
    """
    find(state, alert_id)
    labels = labels_of_all(state.alerts, watched)
    alerts = with_flags(
        state.alerts,
        labels=labels,
        silences=state.silences.values(),
        watched=watched,
        now=now,
        config=config,
    )
    alert = next(alert for alert in alerts.values() if alert.alert_id == alert_id)
    tellings = []
    for group in grouped(alerts, labels=labels, told=state.told, config=config):
        if alert in group.alerts or alert in group.left:
            told = state.told.get((group.key, group.route.receiver))
            coming = _muted_until(alert, state, config) or _due(
                alert, outlook(group, told, now=now), now
            )
            tellings.append(_telling(alert, group, told, coming))
    return Explanation(
        alert_id,
        _standing(alert, Runs(state.taken), config),
        tuple(_mutes(alert, state, now, config)),
        tuple(sorted(tellings, key=lambda telling: (telling.route, telling.receiver))),
    )


Coming = tuple[datetime | None, str]


def _telling(alert: Alert, group: Group, told: Told | None, coming: Coming) -> Telling:
    heard = told if told and alert.alert_id in told.marks else None
    return Telling(
        group.route.name,
        group.route.receiver,
        heard.at if heard else None,
        heard.reason if heard else "",
        *coming,
    )


def _muted_until(alert: Alert, state: State, config: Config) -> Coming | None:
    """When what mutes a firing alert ends; None if nothing does, no time if nobody can know."""
    if alert.inhibited_by:
        return (None, "")
    if alert.silenced_by and alert.state is AlertState.FIRING:
        ends = (ends_for(state.silences[by], alert.severity, config) for by in alert.silenced_by)
        return (max(ends), Reason.SILENCE_EXPIRED)
    if alert.state is AlertState.ACKED and alert.ack:
        return (alert.ack.until, Reason.ACK_EXPIRED)
    return None


def _due(alert: Alert, view: Outlook | None, now: datetime) -> Coming:
    mine = [reason for other, reason in view.changes if other == alert] if view else []
    return (max(view.due, now), mine[0]) if view and mine else (None, "")


def _standing(alert: Alert, runs: Runs, config: Config) -> str:
    clean = min(runs.clean(alert), config.resolve_after)
    parts = [
        f"{alert.state} since {alert.changed_at:{TIME}}, S{alert.severity.value}",
        f"{alert.standing} of {alert.count} findings stand",
    ]
    if alert.open:
        parts.append(f"{clean} of {config.resolve_after} clean evaluations to be resolved")
        if not runs.fresh(alert):
            parts.append("its monitor's newest evaluation was not complete, so it stays open")
    if alert.flaps:
        parts.append(f"fired again {alert.flaps} times soon after it was resolved")
    return "; ".join(parts) + "."


def _mutes(alert: Alert, state: State, now: datetime, config: Config) -> list[str]:
    found = []
    if alert.shadow:
        found.append("Its monitor is in shadow, or not watched: it is kept and told to nobody.")
    for silence in map(state.silences.__getitem__, alert.silenced_by):
        until = ends_for(silence, alert.severity, config)
        found.append(
            f"Silenced by {silence.owner} until {until:{TIME}} ({silence.silence_id}): "
            f"{silence.reason}"
        )
    found += [f"Inhibited by alert {other[:12]}." for other in alert.inhibited_by]
    if alert.state is AlertState.ACKED and alert.ack and alert.ack.until > now:
        found.append(f"Acked by {alert.ack.by} until {alert.ack.until:{TIME}}: not repeated.")
    return found


def _line(telling: Telling) -> str:
    past = (
        f"told at {telling.told_at:{TIME}} ({telling.told_reason})"
        if telling.told_at
        else "not told yet"
    )
    coming = (
        f"next at {telling.next_at:{TIME}} at the earliest ({telling.next_reason})"
        if telling.next_at
        else "nothing to tell until something changes"
    )
    return f"{telling.receiver} by route {telling.route}: {past}; {coming}."
