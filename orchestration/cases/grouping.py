"""Which case each alert comes to: an open one, one that is reopened, or one of its own. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.alerts.records import Alert
from orchestration.cases.members import Entity
from orchestration.ledger.cases import Case
from orchestration.triage.cluster import Item, clusters
from orchestration.triage.desks import Desks, Source, Traits
from orchestration.triage.route import Routed, route

Links = Mapping[str, Collection[str]]  # of an entity: what it shares with others, such as a ring
HARMS = frozenset(map(str, Harm))
CASE = "case:"


@dataclass(frozen=True, slots=True)
class Known:
    """A case that alerts may come to: its entities, and the alerts it has."""

    case: Case
    entities: Collection[Entity]
    size: int


@dataclass
class Grouped:
    """Alerts by the case they come to. `reopened` are those among the cases that were closed.

    `fresh`: alerts of one new case each, with the closed case that it goes on from, if any.
    """

    joined: defaultdict[str, list[Alert]] = field(default_factory=lambda: defaultdict(list))
    reopened: set[str] = field(default_factory=set)
    fresh: list[tuple[list[Alert], str | None]] = field(default_factory=list)


def lead(alerts: Sequence[Alert]) -> Alert:
    """The alert that a case is named and routed after: the gravest, of these the oldest."""
    return min(alerts, key=lambda alert: (alert.severity, alert.opened_at, alert.alert_id))


def routed(
    desks: Desks, alert: Alert, severity: Severity | None = None, source: Source = Source.ALERT
) -> Routed:
    """The queue of a case that this alert leads."""
    graver = alert.severity if severity is None else min(severity, alert.severity)
    harm = Harm(alert.harm) if alert.harm in HARMS else None
    return route(
        desks,
        Traits(harm, alert.product, graver, source, alert.entity_type, alert.monitor),
    )


def scope(desks: Desks, alert: Alert) -> str:
    """What keeps it apart from others: its queue, if that is restricted."""
    queue = routed(desks, alert).queue
    return queue if desks.queues[queue].restricted else ""


def reach(entities: Iterable[str], links: Links) -> set[str]:
    """Entities with all that are linked to them, or share a link with them."""
    own = set(entities)
    ties = own | {tie for entity in own for tie in links.get(entity, ())}
    return ties | {entity for entity, tied in links.items() if not ties.isdisjoint(tied)}


def group(
    alerts: Sequence[Alert],
    current: Mapping[str, str],
    known: Iterable[Known],
    *,
    desks: Desks,
    links: Links,
    now: datetime,
) -> Grouped:
    """Where alerts come that no open case has; `current` are closed cases that have some.

    They come to the oldest open case that they share an entity or link with and that has room;
    else the closed case that one of them was in, or that was about the same entity and harm, is
    reopened, the last one closed first, if that still goes; else they are a new case. Restricted
    queues are each apart from all others.
    """
    made, cases = Grouped(), {one.case.case_id: one for one in known}
    sizes = {case_id: one.size for case_id, one in cases.items()}
    by_id = {alert.alert_id: alert for alert in alerts}
    items = [_item(alert, desks, links) for alert in alerts]
    items += [_case_item(one, links) for one in cases.values() if one.case.closed_at is None]
    closed = _Closed(cases.values(), current, desks)
    for cluster in clusters(items, desks.largest_cluster):
        left = sorted((by_id[id_] for id_ in cluster if id_ in by_id), key=_age)
        if not left:
            continue
        open_ids = [id_.removeprefix(CASE) for id_ in cluster if id_.startswith(CASE)]
        joinable = sorted(
            (cases[case_id].case for case_id in open_ids),
            key=lambda case: (case.opened_at, case.case_id),
        )
        before = closed.of(left)
        again = [case for case in before if closed.may_reopen(case, left, now)]
        for case in (*joinable, *again):
            room = max(0, desks.largest_cluster - sizes[case.case_id])
            some, left = left[:room], left[room:]
            if some:
                made.joined[case.case_id] += some
                sizes[case.case_id] += len(some)
                made.reopened |= {case.case_id} if case.closed_at else set()
        if left:
            made.fresh.append((left, before[0].case_id if before else None))
    return made


def _age(alert: Alert) -> tuple[datetime, str]:
    return alert.opened_at, alert.alert_id


def _item(alert: Alert, desks: Desks, links: Links) -> Item:
    own = scope(desks, alert)
    ties = {alert.entity, *links.get(alert.entity, ())}
    return Item(alert.alert_id, alert.opened_at, _scoped(own, ties), bool(own))


def _case_item(one: Known, links: Links) -> Item:
    case = one.case
    ties = {tie for _, entity in one.entities for tie in (entity, *links.get(entity, ()))}
    scoped = _scoped(_case_scope(case), ties)
    return Item(CASE + case.case_id, case.opened_at, scoped, case.restricted)


def _case_scope(case: Case) -> str:
    return case.queue if case.restricted else ""


def _scoped(own: str, ties: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{own}/{tie}" for tie in ties)


class _Closed:
    """Closed cases, by the alerts they had and the entities they were about."""

    def __init__(self, known: Iterable[Known], current: Mapping[str, str], desks: Desks) -> None:
        self.current, self.desks = current, desks
        self.by_id: dict[str, Case] = {}
        self.by_entity: defaultdict[Entity, set[str]] = defaultdict(set)
        for one in known:
            if one.case.closed_at is not None:
                self.by_id[one.case.case_id] = one.case
                for entity in one.entities:
                    self.by_entity[entity].add(one.case.case_id)

    def of(self, alerts: Sequence[Alert]) -> list[Case]:
        """Those that had one of the alerts, or its entity, the last one closed first."""
        ids = {self.current[alert.alert_id] for alert in alerts if alert.alert_id in self.current}
        for alert in alerts:
            ids |= self.by_entity[alert.entity_type, alert.entity]
        own = {scope(self.desks, alert) for alert in alerts}
        found = [self.by_id[case_id] for case_id in ids if case_id in self.by_id]
        apart = [case for case in found if _case_scope(case) in own]
        return sorted(apart, key=lambda case: (case.closed_at, case.case_id), reverse=True)

    def may_reopen(self, case: Case, alerts: Sequence[Alert], now: datetime) -> bool:
        """Whether its window still goes, and it had one of the alerts or was of their harm."""
        had = any(self.current.get(alert.alert_id) == case.case_id for alert in alerts)
        same = any(alert.harm == case.harm for alert in alerts)
        return case.reopen_until is not None and now <= case.reopen_until and (had or same)
