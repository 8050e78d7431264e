"""Routes alerts into the groups that are told together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.alerts.keys import group_key
from orchestration.alerts.matchers import Matching
from orchestration.alerts.records import Alert, Labels, Told, ToldKey
from orchestration.alerts.rules import Config, Route

Place = tuple[str, tuple[str, ...]]  # a route's name and the values of its group_by


@dataclass(slots=True)
class Group:
    """Alerts that one route tells together.

    `left` are alerts that were told here and now go elsewhere, as after a rise of severity: their
    end is still told here, so that no thread stays open for ever.
    """

    key: str
    route: Route
    labels: Labels
    alerts: list[Alert] = field(default_factory=list)
    left: list[Alert] = field(default_factory=list)


class Router:
    """Which routes tell an alert: the first that matches, and those after it that go on."""

    def __init__(self, config: Config) -> None:
        self._routes = [(route, Matching(route.matchers)) for route in config.routes]

    def __call__(self, labels: Mapping[str, str]) -> list[Route]:
        """The routes, in their order; never none, as the last takes every alert."""
        found = []
        for route, matching in self._routes:
            if matching(labels):
                found.append(route)
                if not route.goes_on:
                    break
        return found


def grouped(
    alerts: Mapping[str, Alert],
    *,
    labels: Mapping[str, Mapping[str, str]],
    told: Mapping[ToldKey, Told],
    config: Config,
) -> list[Group]:
    """Groups of all alerts, resolved ones too, in the order of their keys.

    Alerts in shadow are told to nobody and are left out.
    """
    routing = Router(config)
    groups: dict[Place, Group] = {}
    for key, alert in alerts.items():
        if alert.shadow:
            continue
        mine = labels[key]
        for route in routing(mine):
            values = tuple([mine[label] for label in route.group_by])
            group = groups.get((route.name, values))
            if group is None:
                shared = tuple(zip(route.group_by, values, strict=True))
                group = Group(group_key(route.name, shared), route, shared)
                groups[(route.name, values)] = group
            group.alerts.append(alert)
    _follow(groups, alerts, told, config)
    return sorted(groups.values(), key=lambda group: group.key)


def _follow(
    groups: dict[Place, Group],
    alerts: Mapping[str, Alert],
    told: Mapping[ToldKey, Told],
    config: Config,
) -> None:
    routes = {route.name: route for route in config.routes}
    by_id = {alert.alert_id: alert for alert in alerts.values()}
    for (key, receiver), last in told.items():
        route = routes.get(last.route)
        names = tuple(name for name, _ in last.labels)
        if route is None or route.receiver != receiver or route.group_by != names:
            continue
        place = (last.route, tuple(value for _, value in last.labels))
        here = {alert.alert_id for alert in groups[place].alerts} if place in groups else set()
        left = [
            by_id[known]
            for known, mark in last.marks.items()
            if mark.open and known not in here and known in by_id
        ]
        if left:
            groups.setdefault(place, Group(key, route, last.labels)).left.extend(left)
