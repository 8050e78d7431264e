"""What mutes an alert's notices: shadow mode, silences and inhibition. None changes its state."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitors.contract import Mode, Severity
from orchestration.alerts.matchers import match_all
from orchestration.alerts.records import Alert, AlertState, Silence, Watched
from orchestration.alerts.rules import Config, Inhibition

LOUD = (Mode.REVIEW, Mode.AUTO)
SOURCES = (AlertState.FIRING, AlertState.ACKED)


def labels_of(alert: Alert, watched: Mapping[str, Watched]) -> dict[str, str]:
    """Labels that matchers and groups may name; an unwatched monitor has no mode and owner."""
    known = watched.get(alert.monitor)
    return {
        "monitor": alert.monitor,
        "product": alert.product,
        "harm": alert.harm,
        "severity": f"S{alert.severity.value}",
        "entity_type": alert.entity_type,
        "entity": alert.entity,
        "owner": known.owner if known else "",
        "mode": known.mode.value if known else "",
    }


def ends_for(silence: Silence, severity: Severity, config: Config) -> datetime:
    """When a silence ends for alerts of one severity: the graver, the sooner."""
    return min(silence.ends, silence.starts + config.max_silence[severity])


def silencing(
    alert: Alert,
    labels: Mapping[str, str],
    *,
    silences: Iterable[Silence],
    now: datetime,
    config: Config,
) -> tuple[str, ...]:
    """Ids of the silences that mute an alert now."""
    return tuple(
        sorted(
            silence.silence_id
            for silence in silences
            if silence.starts <= now < ends_for(silence, alert.severity, config)
            and match_all(silence.matchers, labels)
        )
    )


Inhibitor = Callable[[Alert, Mapping[str, str]], tuple[str, ...]]


def inhibitor(
    alerts: Iterable[Alert], *, watched: Mapping[str, Watched], rules: Sequence[Inhibition]
) -> Inhibitor:
    """A function that gives the ids of the alerts that inhibit an alert, one for each rule.

    Sources fire or are acked, muted or not; an alert in shadow mutes nothing. S0 is never
    inhibited (I15).
    """
    sources: list[dict[tuple[str, ...], str]] = [{} for _ in rules]
    for alert in alerts if rules else ():
        if alert.state not in SOURCES or is_shadow(alert, watched):
            continue
        labels = labels_of(alert, watched)
        for rule, known in zip(rules, sources, strict=True):
            values = _values(rule, labels)
            if values and match_all(rule.source, labels):
                known[values] = min(known.get(values, alert.alert_id), alert.alert_id)

    def inhibiting(alert: Alert, labels: Mapping[str, str]) -> tuple[str, ...]:
        if alert.severity is Severity.S0:
            return ()
        found = {
            known[values]
            for rule, known in zip(rules, sources, strict=True)
            if (values := _values(rule, labels)) in known
            and match_all(rule.target, labels)
            and not match_all(rule.source, labels)
        }
        return tuple(sorted(found))

    return inhibiting


def _values(rule: Inhibition, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Values of the labels that must be equal; nothing if one is absent."""
    values = tuple(labels[label] for label in rule.equal)
    return values if all(values) else ()


def is_shadow(alert: Alert, watched: Mapping[str, Watched]) -> bool:
    """Whether an alert is kept and never told; also if its monitor is not watched any more."""
    known = watched.get(alert.monitor)
    return known is None or known.mode not in LOUD


def with_flags(
    alerts: Mapping[str, Alert],
    *,
    silences: Sequence[Silence],
    watched: Mapping[str, Watched],
    now: datetime,
    config: Config,
) -> dict[str, Alert]:
    """The alerts with the flags of this moment's silences, rules and modes."""
    inhibiting = inhibitor(alerts.values(), watched=watched, rules=config.inhibitions)
    flagged = dict(alerts)
    for key, alert in alerts.items():
        labels = labels_of(alert, watched) if silences or config.inhibitions else {}
        by = silencing(alert, labels, silences=silences, now=now, config=config)
        over = inhibiting(alert, labels) if config.inhibitions else ()
        shadow = is_shadow(alert, watched)
        if (by, over, shadow) != (alert.silenced_by, alert.inhibited_by, alert.shadow):
            flagged[key] = replace(alert, silenced_by=by, inhibited_by=over, shadow=shadow)
    return flagged
