"""Gates: what must hold before a row may go on, from facts gathered once for many rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from monitors.contract import Severity
from orchestration.enforcement.protections import protected_now
from orchestration.enforcement.switches import covering
from orchestration.enforcement.switches import on as switches_on
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.rollouts import Rollout, rollouts_of
from orchestration.ledger.tables import alerts, enforcements
from orchestration.measurement.quality import MonitorQuality, qualities
from orchestration.measurement.rollout import of as rollout
from orchestration.policies.actions import Automation
from orchestration.policies.rules import Rules

BATCH = 500
KILL_SWITCH, ALREADY, RETRACTED, PROTECTED = "kill_switch", "already", "retracted", "protected"
STALE_PRECISION, NOT_AUTOMATIC = "stale_precision", "not_automatic"
NOT_EXECUTABLE, TARGET_UNKNOWN = "not_executable", "target_unknown"
NOT_ROLLED_OUT = "not_rolled_out"
S = EnforcementState
ENDED = frozenset({S.REVERSED, S.BLOCKED, S.EXPIRED, S.FAILED})
SPENT = frozenset({S.REVERSED, S.FAILED})  # their keys are known to the service for ever
Slot = tuple[str, str, str]  # type of target, target, class of action


@dataclass(frozen=True, slots=True)
class Found:
    """What a gate asks of an alert: its worst severity, findings that stand, newest version."""

    worst: Severity
    standing: int
    version: int
    entity: str


@dataclass(slots=True)
class Facts:
    """What the ledger says of rows, their targets and monitors at one moment.

    `held` are slots that a standing row has; `done` are rows that were or will be carried out, by
    unit and slot; `spent` counts those of one unit, target and action whose key is used up.
    `held` and `done` grow with every row that goes on.
    """

    now: datetime
    switches: frozenset[str]
    protected: frozenset[tuple[str, str]]
    alerts: dict[str, Found]
    quality: dict[tuple[str, int], MonitorQuality]
    rollouts: dict[tuple[str, int], list[Rollout]] = field(default_factory=dict)
    held: set[Slot] = field(default_factory=set)
    done: set[tuple[str, Slot]] = field(default_factory=set)
    spent: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)


def unit_of(row: Enforcement) -> str:
    """For what a row acts: an alert, or a decision about an entity that no alert is about."""
    return row.alert_id or f"decision:{row.decision_id}"


def by_machine(row: Enforcement) -> bool:
    """Whether nobody decided it."""
    return row.decision_id is None or row.automated == "fully"


def slot_of(row: Enforcement) -> Slot:
    """What a row occupies while it stands."""
    return (row.target_type, row.target, row.action_class)


def facts(connection: Connection, rows: Sequence[Enforcement], now: datetime) -> Facts:
    """Gather what the gates ask of these rows; they themselves do not count."""
    measured = {
        (row.monitor, row.version)
        for row in rows
        if by_machine(row) and row.monitor is not None and row.version is not None
    }
    found = Facts(
        now,
        switches_on(connection),
        protected_now(connection, now),
        _alerts(connection, {row.alert_id for row in rows if row.alert_id}),
        qualities(connection, measured, now) if measured else {},
        rollouts_of(connection, measured),
    )
    mine = {row.enforcement_id for row in rows}
    for other in _others(connection, {row.target for row in rows}):
        if other.enforcement_id not in mine:
            _count(found, other)
    return found


def gate(row: Enforcement, known: Facts, rules: Rules) -> str | None:
    """Why a row may not go on; None if it may. What is protected is asked of people instead."""
    if row.action not in rules.actions:
        return NOT_EXECUTABLE
    alert = known.alerts.get(row.alert_id or "")
    if alert is not None and alert.standing <= 0:
        return RETRACTED
    if covering(known.switches, row.product, row.monitor):
        return KILL_SWITCH
    if by_machine(row) and (code := _automatic(row, alert, known, rules)):
        return code
    taken = slot_of(row) in known.held and not rules.actions[row.action].one_off
    return ALREADY if taken or (unit_of(row), slot_of(row)) in known.done else None


def is_protected(row: Enforcement, known: Facts, rules: Rules) -> bool:
    """Whether nothing may be done to a row's target without people."""
    listed = (row.target_type, row.target) in known.protected
    return listed or rules.protects(row.target_type, ()) is not None


def goes_on(row: Enforcement, known: Facts, rules: Rules) -> None:
    """Note that a live row goes on: it has its slot now, and its unit is done."""
    known.done.add((unit_of(row), slot_of(row)))
    if not rules.actions[row.action].one_off:
        known.held.add(slot_of(row))


def key_of(row: Enforcement, known: Facts) -> str:
    """The key under which a row is carried out, another for each time its unit is acted on.

    A service answers a key that it knows with the old receipt, so one that was reversed or refused
    is spent. A row whose unit is done cannot go on, and has a key of its own that is never sent.
    """
    if (unit_of(row), slot_of(row)) in known.done:
        return digest_parts("again", row.enforcement_id)
    base = _base(row)
    return digest_parts("enforce", *base, str(known.spent[base]))


def is_spent(row: Enforcement, known: Facts) -> bool:
    """Whether the same was carried out for its unit and undone, or refused by the service."""
    return known.spent[_base(row)] > 0


def _automatic(row: Enforcement, alert: Found | None, known: Facts, rules: Rules) -> str | None:
    """What keeps a machine from deciding alone (I3, I9, I11)."""
    needed = rules.actions[row.action].gate
    if alert is None or row.monitor is None or row.version != alert.version or needed is None:
        return STALE_PRECISION if needed is not None else NOT_AUTOMATIC
    if rules.automation(row.action, alert.worst) is not Automation.FULLY:
        return NOT_AUTOMATIC
    if is_protected(row, known, rules):
        return PROTECTED
    found = known.quality.get((row.monitor, alert.version))
    enough = (
        found is not None
        and found.state == "measured"
        and found.lower is not None
        and found.newest_label is not None
        and found.lower >= needed.lower_bound
        and found.n >= needed.min_n
        and known.now - found.newest_label <= needed.max_label_age
    )
    if not enough:
        return STALE_PRECISION
    rolled = rollout(known.rollouts.get((row.monitor, alert.version), ()))
    return None if rolled.holds(alert.entity) else NOT_ROLLED_OUT


def in_batches(values: Iterable[str]) -> Iterator[list[str]]:
    """Different values in order, as many at a time as a query may name."""
    every = sorted(set(values))
    for at in range(0, len(every), BATCH):
        yield every[at : at + BATCH]


def _alerts(connection: Connection, ids: Iterable[str]) -> dict[str, Found]:
    a = alerts.c
    columns = (a.alert_id, a.worst, a.count - a.retracted, a.version, a.entity)
    found = {}
    for some in in_batches(ids):
        rows = connection.execute(select(*columns).where(a.alert_id.in_(some)))
        for alert_id, worst, standing, version, entity in rows:
            found[alert_id] = Found(Severity(worst), standing, version, entity)
    return found


@dataclass(frozen=True, slots=True)
class _Other:
    """A row that is there already, as far as the gates ask."""

    enforcement_id: str
    unit: str
    slot: Slot
    action: str
    state: EnforcementState
    standing: bool


def _others(connection: Connection, targets: Iterable[str]) -> Iterable[_Other]:
    """Live rows on some targets."""
    e = enforcements.c
    columns = (e.enforcement_id, e.alert_id, e.decision_id, e.target_type, e.target)
    more = (e.action_class, e.action, e.state, e.standing)
    for some in in_batches(targets):
        live = select(*columns, *more).where(e.mode == "live", e.target.in_(some))
        for row in connection.execute(live):
            unit = row.alert_id or f"decision:{row.decision_id}"
            slot = (row.target_type, row.target, row.action_class)
            state = EnforcementState(row.state)
            yield _Other(row.enforcement_id, unit, slot, row.action, state, row.standing)


def _count(known: Facts, other: _Other) -> None:
    if other.standing:
        known.held.add(other.slot)
    if other.state not in ENDED:
        known.done.add((other.unit, other.slot))
    if other.state in SPENT:
        known.spent[other.unit, other.slot[0], other.slot[1], other.action] += 1


def _base(row: Enforcement) -> tuple[str, str, str, str]:
    return (unit_of(row), row.target_type, row.target, row.action)
