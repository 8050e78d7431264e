"""Acting without a person's decision: alerts of monitors in auto, past every gate.

What checks show is known outside the ledger: whoever calls says it by `Fit`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, or_, select

from monitors.contract import Mode, Monitor
from monitors.harms import Harm
from orchestration.alerts.records import Alert, AlertState, Watched
from orchestration.cases.terms import Terms
from orchestration.enforcement.caps import Active, blocked
from orchestration.enforcement.drafts import Cause, Draft, drafts
from orchestration.enforcement.gates import (
    NOT_AUTOMATIC,
    NOT_EXECUTABLE,
    NOT_ROLLED_OUT,
    PROTECTED,
    RETRACTED,
    STALE_PRECISION,
    Facts,
    facts,
    gate,
    in_batches,
)
from orchestration.enforcement.plan import batches_of
from orchestration.enforcement.settle import PLANNER
from orchestration.enforcement.targets import Targets, Unit, places_of
from orchestration.intake.modes import Fit
from orchestration.ledger.acts import Act
from orchestration.ledger.alerts import read_alert
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import PENDING
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import alerts, enforcements, outcomes

GOING = (AlertState.FIRING, AlertState.ACKED)
VOID = frozenset(
    {STALE_PRECISION, NOT_ROLLED_OUT, NOT_AUTOMATIC, NOT_EXECUTABLE, PROTECTED, RETRACTED}
)


def plan_auto(
    engine: Engine,
    *,
    terms: Terms,
    watched: Mapping[str, Watched],
    targets: Targets,
    active: Active,
    fit: Fit,
    now: datetime,
) -> list[str]:
    """Plan the action of each alert whose monitor's effective mode is auto; ids of the batches.

    Once for each alert and version, also where a gate blocks it: people have its case. An alert
    that people have decided is theirs. Before that, what is pending and would not pass the gates
    any more is blocked, as after a new version of the monitor.
    """
    monitors = {
        name: targets.monitors[name]
        for name, one in watched.items()
        if one.mode is Mode.AUTO and name in targets.monitors
    }
    void(engine, terms=terms, monitors=monitors, fit=fit, now=now)
    with reading(engine) as connection:
        found = _causes(_waiting(connection, monitors), monitors, terms)
        places = places_of(connection, (c.unit.alert_id for c in found if c.unit.alert_id))
    if not found:
        return []
    rules = terms.enforcement
    aims = targets.aims((cause.unit for cause in found), rules, places)
    made = drafts(found, aims, rules=rules, targets=targets, now=now)
    checked = [_checked(draft, monitors, terms, fit) for draft in made]
    with writing(engine) as connection:
        waiting = {alert.alert_id for alert in _waiting(connection, monitors)}
        mine = [draft for draft in checked if draft.row.alert_id in waiting]
        return batches_of(connection, mine, "auto", rules=rules, active=active, now=now)


def void(
    engine: Engine, *, terms: Terms, monitors: Mapping[str, Monitor], fit: Fit, now: datetime
) -> int:
    """Block what is pending without a decision and would not be planned now; how many."""
    e = enforcements.c
    pending = (e.decision_id.is_(None), e.mode == "live", e.state.in_(list(PENDING)))
    with writing(engine) as connection:
        rows = where(connection, ENFORCEMENTS, *pending)
        if not rows:
            return 0
        known = facts(connection, list(rows.values()), now)
        found = {name: _voids(row, known, monitors, terms, fit) for name, row in rows.items()}
        after = [blocked(rows[name], code) for name, code in found.items() if code]
        act = Act(PLANNER, now, "a monitor may not act by itself any more")
        write(connection, ENFORCEMENTS, before=rows, after=after, act=act)
        return len(after)


def _voids(
    row: Enforcement, known: Facts, monitors: Mapping[str, Monitor], terms: Terms, fit: Fit
) -> str | None:
    code = _checked(Draft(row), monitors, terms, fit).code or gate(row, known, terms.enforcement)
    return code if code in VOID else None


def _checked(draft: Draft, monitors: Mapping[str, Monitor], terms: Terms, fit: Fit) -> Draft:
    """The draft with the code of what the ledger does not know: the monitor as it is now."""
    row = draft.row
    monitor = monitors.get(row.monitor or "")
    policy = terms.policies.by_id.get(row.policy_id)
    if monitor is None or monitor.version != row.version or fit(monitor.id, monitor.version):
        return Draft(row, STALE_PRECISION)
    if policy is None or row.action not in policy.actions:
        return Draft(row, NOT_AUTOMATIC)
    return draft


def _waiting(connection: Connection, monitors: Collection[str]) -> list[Alert]:
    """Alerts that go on, stand, and about which neither people nor the planner have settled."""
    a = alerts.c
    return [
        read_alert(row)
        for some in in_batches(monitors)
        for row in connection.execute(
            select(alerts).where(unsettled(some)).order_by(a.alert_id)
        ).mappings()
    ]


def unsettled(monitors: Collection[str]) -> ColumnElement[bool]:
    """Alerts of these monitors that a machine may act on: nobody has planned or decided them.

    Nor was anything undone for them: whom people gave something back they alone take it from.
    """
    a, e, o = alerts.c, enforcements.c, outcomes.c
    mine = and_(e.decision_id.is_(None), e.version == a.version)
    planned = exists().where(e.alert_id == a.alert_id, or_(mine, e.reversal_id.is_not(None)))
    decided = exists().where(o.alert_id == a.alert_id)
    return and_(
        a.monitor.in_(sorted(monitors)),
        a.state.in_([*GOING]),
        a.shadow.is_(False),
        a.count > a.retracted,
        ~planned,
        ~decided,
    )


def _causes(waiting: Iterable[Alert], monitors: Mapping[str, Monitor], terms: Terms) -> list[Cause]:
    """What the alerts come to; nothing where the action is asked of people or no policy is."""
    found = []
    for alert in waiting:
        action = monitors[alert.monitor].action
        policy = terms.policies.of_harm(Harm(alert.harm))
        if policy is None or action not in terms.enforcement.actions:
            continue
        found.append(
            Cause(
                unit=Unit(
                    *(alert.entity_type, alert.entity, action, alert.alert_id, alert.monitor),
                    alert.product,
                ),
                unit_id=alert.alert_id,
                product=alert.product,
                policy_id=policy.id,
                policy_version=policy.version,
                automated="fully",
                needs=0,
                version=alert.version,
            )
        )
    return found
