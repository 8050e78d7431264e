"""What mutes an alert's notices: shadow mode, silences and inhibition. None changes its state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitors.contract import Mode, Severity
from orchestration.alerts.matchers import Matching
from orchestration.alerts.records import Alert, AlertState, Silence, Watched
from orchestration.alerts.rules import Config, Inhibition

LOUD = (Mode.REVIEW, Mode.AUTO)
SOURCES = (AlertState.FIRING, AlertState.ACKED)


def labels_of_all(
    alerts: Mapping[str, Alert], watched: Mapping[str, Watched]
) -> dict[str, dict[str, str]]:
    """Labels of every alert, by dedup key."""
    return {key: labels_of(alert, watched) for key, alert in alerts.items()}


def labels_of(alert: Alert, watched: Mapping[str, Watched]) -> dict[str, str]:
    """Labels that matchers and groups may name; an unwatched monitor has no mode and owner."""
    known = watched.get(alert.monitor)
    return {
        "monitor": alert.monitor,
        "product": alert.product,
        "harm": alert.harm,
        "severity": alert.severity.name,
        "entity_type": alert.entity_type,
        "entity": alert.entity,
        "owner": known.owner if known else "",
        "mode": known.mode.value if known else "",
    }


def ends_for(silence: Silence, severity: Severity, config: Config) -> datetime:
    """When a silence ends for alerts of one severity: the graver, the sooner."""
    return min(silence.ends, silence.starts + config.max_silence[severity])


class Silencer:
    """Which silences mute an alert now."""

    def __init__(self, silences: Iterable[Silence], *, now: datetime, config: Config) -> None:
        ordered = sorted(silences, key=lambda silence: silence.silence_id)
        self._by_severity = {
            severity: [
                (silence.silence_id, Matching(silence.matchers))
                for silence in ordered
                if silence.starts <= now < ends_for(silence, severity, config)
            ]
            for severity in Severity
        }

    def __call__(self, alert: Alert, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Ids of the silences, in order."""
        return tuple(
            [name for name, matching in self._by_severity[alert.severity] if matching(labels)]
        )


class Inhibitor:
    """Which alerts inhibit an alert: one for each rule, the first by id.

    Sources fire or are acked, muted or not; an alert in shadow mutes nothing. S0 is never
    inhibited (I15).
    """

    def __init__(self, rules: Sequence[Inhibition]) -> None:
        self._rules = [(rule.equal, Matching(rule.source), Matching(rule.target)) for rule in rules]
        self._sources: list[dict[tuple[str, ...], str]] = [{} for _ in rules]

    def add(self, alert: Alert, labels: Mapping[str, str]) -> None:
        """Let an alert be a source where it matches."""
        if alert.state not in SOURCES:
            return
        for (equal, source, _), known in zip(self._rules, self._sources, strict=True):
            values = tuple([labels[label] for label in equal])
            if all(values) and source(labels):  # an absent label is equal to none
                known[values] = min(known.get(values, alert.alert_id), alert.alert_id)

    def __call__(self, alert: Alert, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Ids of the alerts that inhibit it."""
        if alert.severity == Severity.S0:
            return ()
        found = set()
        for (equal, source, target), known in zip(self._rules, self._sources, strict=True):
            values = tuple([labels[label] for label in equal])
            if values in known and target(labels) and not source(labels):
                found.add(known[values])
        return tuple(sorted(found))


def is_shadow(alert: Alert, watched: Mapping[str, Watched]) -> bool:
    """Whether an alert is kept and never told; also if its monitor is not watched any more."""
    known = watched.get(alert.monitor)
    return known is None or known.mode not in LOUD


def with_flags(
    alerts: Mapping[str, Alert],
    *,
    labels: Mapping[str, Mapping[str, str]],
    silences: Iterable[Silence],
    watched: Mapping[str, Watched],
    now: datetime,
    config: Config,
) -> dict[str, Alert]:
    """The alerts with the flags of this moment's silences, rules and modes."""
    silencing = Silencer(silences, now=now, config=config)
    inhibiting = Inhibitor(config.inhibitions)
    for key, alert in alerts.items() if config.inhibitions else ():
        if not is_shadow(alert, watched):
            inhibiting.add(alert, labels[key])
    flagged = dict(alerts)
    for key, alert in alerts.items():
        flags = (
            silencing(alert, labels[key]),
            inhibiting(alert, labels[key]) if config.inhibitions else (),
            is_shadow(alert, watched),
        )
        if flags != (alert.silenced_by, alert.inhibited_by, alert.shadow):
            by, over, shadow = flags
            flagged[key] = replace(alert, silenced_by=by, inhibited_by=over, shadow=shadow)
    return flagged
