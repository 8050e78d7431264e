"""Targets: whom an action is aimed at, by pseudonym; their real ids are kept until it is undone."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl
from sqlalchemy import Connection, select

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.tenants import TENANTS
from orchestration.enforcement.gates import NOT_EXECUTABLE, TARGET_UNKNOWN, in_batches
from orchestration.enforcement.tenants import tenants_of
from orchestration.intake.manifests import TABLE
from orchestration.lake import Lake
from orchestration.ledger.tables import alert_findings
from orchestration.policies.actions import Action
from orchestration.policies.rules import Rules
from orchestration.pseudonyms import Pseudonyms, read_key

WHO = ["entity_type", "entity", "evidence"]
MEMBERS = "members"
Entity = tuple[str, str]  # type, and pseudonym or real id
Seen = tuple[str, frozenset[str]]  # real id, and members if the evidence lists any
Kept = Mapping[str, str]  # real ids of targets by pseudonym


@dataclass(frozen=True, slots=True)
class Unit:
    """What an action is for: an alert's entity, or, with a null alert, an entity alone.

    `product` is where it is done; where it is empty nobody asks for a tenant.
    """

    entity_type: str
    entity: str
    action: str
    alert_id: str | None = None
    monitor: str | None = None
    product: str = ""


@dataclass(frozen=True, slots=True)
class Aim:
    """Targets of one type, by pseudonym; with a `code` they cannot be acted on, and it says why.

    `tenants` are the pseudonyms of theirs, for those of whom it is known.
    """

    target_type: str
    targets: tuple[str, ...]
    code: str | None = None
    tenants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Targets:
    """Finds real ids in the lake when something is planned, and has them remembered.

    The lake is pruned long before an appeal ends. `Pseudonyms.entities_of` gives the ids when the
    action is carried out, and when it is undone. Evidence lists 100 members at most: no others of
    a ring are acted on. `tenants` is the column that names a product's tenants, by product.
    """

    lake: Lake
    names: Pseudonyms
    monitors: Mapping[str, Monitor]
    tenants: Mapping[str, str] = field(default_factory=lambda: TENANTS)

    @cached_property
    def delay_key(self) -> bytes:
        """The secret from which the length of a delay follows."""
        return read_key(self.names.home)

    def aims(
        self, units: Iterable[Unit], rules: Rules, places: Mapping[str, Sequence[Span]]
    ) -> dict[Unit, Aim]:
        """Whom each unit's action is aimed at. `places` are where an alert's findings lie."""
        wanted = sorted(
            set(units), key=lambda unit: (unit.entity, unit.action, unit.alert_id or "")
        )
        fit = {unit: code for unit in wanted if (code := self._unfit(unit, rules))}
        known = self.names.entities_of({unit.entity for unit in wanted if unit not in fit})
        look = [
            unit
            for unit in wanted
            if unit not in fit and (_each(unit, rules) or unit.entity not in known)
        ]
        seen = self._seen(look, places)
        kept = self._keep(look, seen, rules)
        aims = {
            unit: Aim(unit.entity_type, (unit.entity,), fit[unit])
            if unit in fit
            else _aim(unit, rules, kept, known)
            for unit in wanted
        }
        real = {name: entity for name, (_, entity) in known.items()}
        for names in kept.values():
            real |= names
        return self._with_tenants(aims, real)

    def _with_tenants(self, aims: Mapping[Unit, Aim], real: Kept) -> dict[Unit, Aim]:
        """The aims with their targets' tenants, looked up once for each product and type."""
        ids: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for unit, aim in aims.items():
            if aim.code is None and unit.product in self.tenants:
                ids[unit.product, aim.target_type] |= {name: real[name] for name in aim.targets}
        found: dict[tuple[str, str], dict[str, str]] = {}
        for (product, kind), names in ids.items():
            column = self.tenants[product]
            owners = tenants_of(self.lake, product, column, kind, set(names.values()))
            named = self.names.names(column, set(owners.values()))
            found[product, kind] = {
                name: named[owners[entity]] for name, entity in names.items() if entity in owners
            }
        return {unit: replace(aim, tenants=_of(aim, unit, found)) for unit, aim in aims.items()}

    def _unfit(self, unit: Unit, rules: Rules) -> str | None:
        action = rules.actions.get(unit.action)
        if action is None or (action.each_member and not self._names_members(unit, action)):
            return NOT_EXECUTABLE
        fits = action.each_member or unit.entity_type in action.target_types
        return None if fits else NOT_EXECUTABLE

    def _names_members(self, unit: Unit, action: Action) -> bool:
        """Whether the evidence's members are of the type that is acted on: it does not say."""
        monitor = self.monitors.get(unit.monitor or "")
        declares = monitor is not None and monitor.action == action.id
        one = len(action.target_types) == 1
        return one and (declares or unit.entity_type in action.target_types)

    def _keep(
        self, units: Sequence[Unit], seen: Mapping[tuple[str, Entity], Seen], rules: Rules
    ) -> dict[Unit, Kept]:
        """Keep the real ids of all that is found; those of each unit's targets."""
        real: dict[Unit, Seen] = {}
        for unit in units:
            found = seen.get((unit.alert_id or "", (unit.entity_type, unit.entity)))
            if found is not None:
                each = _each(unit, rules)
                kind = next(iter(rules.actions[unit.action].target_types))
                real[unit] = (kind, found[1]) if each else (unit.entity_type, frozenset([found[0]]))
        ids: defaultdict[str, set[str]] = defaultdict(set)
        for kind, entities in real.values():
            ids[kind] |= entities
        names = {kind: self.names.remember(kind, sorted(some)) for kind, some in ids.items()}
        return {
            unit: {names[kind][entity]: entity for entity in entities}
            for unit, (kind, entities) in real.items()
        }

    def _seen(
        self, units: Sequence[Unit], places: Mapping[str, Sequence[Span]]
    ) -> dict[tuple[str, Entity], Seen]:
        """Real id and members of each unit's entity, by alert, as its findings have them."""
        of_monitor: defaultdict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            if unit.monitor is not None and unit.monitor in self.monitors:
                of_monitor[unit.monitor].append(unit)
        found: dict[tuple[str, Entity], Seen] = {}
        for monitor_id, some in of_monitor.items():
            spans = {span for unit in some for span in places.get(unit.alert_id or "", ())}
            rows = {span: self._rows(self.monitors[monitor_id], span) for span in spans}
            for unit in some:
                mine = [rows[span] for span in places.get(unit.alert_id or "", ())]
                entity = (unit.entity_type, unit.entity)
                standing = [one[entity] for one in mine if entity in one]
                if standing:
                    members = frozenset[str]().union(*(names for _, names in standing))
                    found[unit.alert_id or "", entity] = (standing[0][0], members)
        return found

    def _rows(self, monitor: Monitor, span: Span) -> dict[Entity, Seen]:
        """Real id and members by type and pseudonym, of one partition's findings."""
        table = f"{TABLE}/{monitor.name}"
        files = {str(piece.path) for piece in self.lake.pieces(table, [monitor.product], span)}
        if not files:
            return {}
        rows = pl.scan_parquet(sorted(files), hive_partitioning=False).select(WHO).collect()
        found: dict[Entity, Seen] = {}
        for (kind,), some in rows.group_by("entity_type"):
            named = self.names.known(str(kind), some["entity"].unique().to_list())
            for entity, evidence in some.select("entity", "evidence").iter_rows():
                if entity in named:
                    at = (str(kind), named[entity])
                    before = found[at][1] if at in found else frozenset()
                    found[at] = (entity, before | _members(evidence))
        return found


def places_of(connection: Connection, alert_ids: Iterable[str]) -> dict[str, list[Span]]:
    """The partitions in which each alert's findings lie."""
    f = alert_findings.c
    found: defaultdict[str, list[Span]] = defaultdict(list)
    columns = select(f.alert_id, f.partition, f.partition_end).distinct()
    for some in in_batches(alert_ids):
        rows = connection.execute(columns.where(f.alert_id.in_(some)).order_by(f.partition))
        for alert_id, start, end in rows:
            found[alert_id].append(Span(start, end))
    return found


def _aim(
    unit: Unit,
    rules: Rules,
    kept: Mapping[Unit, Kept],
    known: Mapping[str, Entity],
) -> Aim:
    itself = Aim(unit.entity_type, (unit.entity,))
    if _each(unit, rules):
        (kind,) = rules.actions[unit.action].target_types
        members = tuple(sorted(kept.get(unit, ())))
        return Aim(kind, members) if members else replace(itself, code=NOT_EXECUTABLE)
    if known.get(unit.entity, ("",))[0] == unit.entity_type or unit in kept:
        return itself
    return replace(itself, code=TARGET_UNKNOWN)


def _of(aim: Aim, unit: Unit, found: Mapping[tuple[str, str], Mapping[str, str]]) -> dict[str, str]:
    """The tenants of an aim's targets, of those of its product and type."""
    tenants = found.get((unit.product, aim.target_type), {})
    return {name: tenants[name] for name in aim.targets if name in tenants}


def _each(unit: Unit, rules: Rules) -> bool:
    return rules.actions[unit.action].each_member


def _members(evidence: str | None) -> frozenset[str]:
    """The entities that a finding's evidence lists."""
    listed = json.loads(evidence or "{}").get(MEMBERS) or ()
    return frozenset(member for member in listed if isinstance(member, str))
