"""Which team answers for what, and in which channel it is told."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitors.contract import Monitor, Severity
from orchestration.acts.threads import Thread
from orchestration.alerts.groups import Router
from orchestration.alerts.mutes import labels_of
from orchestration.alerts.records import Alert, Watched
from orchestration.intake.rules import Rules
from orchestration.oncall.ladders import OnCall
from orchestration.oncall.rota import ladder_for


@dataclass(frozen=True, slots=True)
class Teams:
    """The rules in force, and every monitor with its owner."""

    rules: Rules
    watched: Mapping[str, Watched]
    monitors: Sequence[Monitor]

    def answering(self, severity: Severity, owner: str) -> frozenset[str]:
        """Teams that answer for such an alert: its owner, and whom its ladder calls first."""
        ladder = ladder_for(self.rules.rota, severity, owner)
        steps = ladder.steps if ladder else ()
        called = [step.target.team for step in steps if isinstance(step.target, OnCall)]
        return frozenset({owner, *called[:1]})

    def answer(self, team: str, alert: Alert) -> bool:
        """Whether a team answers for an alert."""
        known = self.watched.get(alert.monitor)
        return team in self.answering(alert.severity, known.owner if known else "")

    def channel(self, team: str) -> str:
        """Where most of the monitors are told that a team answers for; of equals, the first route.

        Where it answers for none, the receiver of the last route, which takes what is left.
        """
        routes = self.rules.config.routes
        routing = Router(self.rules.config)
        found = Counter(
            routing(_labels(one))[0].receiver
            for one in self.monitors
            if team in self.answering(one.severity, one.owner)
        )
        by_route = dict.fromkeys(route.receiver for route in routes)
        return max(by_route, key=lambda one: found[one]) if found else routes[-1].receiver


def own(
    thread: Thread, alerts: Iterable[Alert], routing: Router, watched: Mapping[str, Watched]
) -> list[Alert]:
    """Those of a thread's alerts that are told there first; the others have a thread elsewhere."""
    return [alert for alert in alerts if routing(labels_of(alert, watched))[0].name == thread.route]


def _labels(monitor: Monitor) -> dict[str, str]:
    """Labels of an alert that a monitor would open, in a mode in which it is told."""
    return {
        "monitor": monitor.id,
        "product": monitor.product,
        "harm": monitor.harm.value,
        "severity": monitor.severity.name,
        "entity_type": monitor.entity,
        "entity": "",
        "owner": monitor.owner,
        "mode": "review",
    }
