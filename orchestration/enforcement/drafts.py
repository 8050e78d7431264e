"""Drafts: what decisions and alerts come to as rows, before any gate is asked."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from monitors.contract import Severity
from orchestration.cases.terms import Terms
from orchestration.enforcement.gates import in_batches
from orchestration.enforcement.targets import Aim, Targets, Unit
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import Automated, Enforcement
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.tables import alerts, cases, decisions, outcomes
from orchestration.policies.actions import MOST_APPROVALS
from orchestration.policies.rules import GroundKind, Rules

VIOLATING = "violating"
PEOPLE, UNKNOWN = "people", "unknown"  # classes of what is never carried out


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that is planned; with a `code` it is blocked, whatever the gates say."""

    row: Enforcement
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is to be done: a unit, and the decision or the monitor behind it."""

    unit: Unit
    unit_id: str
    product: str
    policy_id: str
    policy_version: int
    automated: Automated
    needs: int
    decision_id: str | None = None
    version: int | None = None
    supersedes: str | None = None

    @property
    def basis(self) -> str:
        """A decision, or a monitor's version that acts by itself."""
        return self.decision_id or f"auto:{self.unit.monitor}:v{self.version}"


def undone(connection: Connection) -> list[RowMapping]:
    """Decisions that the planner has not taken up, the oldest first."""
    d = decisions.c
    rows = select(decisions).where(d.acted.is_(False)).order_by(d.decided_at, d.decision_id)
    return list(connection.execute(rows).mappings())


def causes(connection: Connection, decided: Sequence[RowMapping], terms: Terms) -> list[Cause]:
    """What is to be done for decisions: their violating units that have an action."""
    o, c, a = outcomes.c, cases.c, alerts.c
    more = (c.product, c.severity, a.monitor, a.version, a.product.label("own"))
    violating = (o.outcome == VIOLATING, o.action.is_not(None), decisions.c.policy_id.is_not(None))
    joined = (
        select(outcomes, *_of_decision(), *more)
        .join(decisions, decisions.c.decision_id == o.decision_id)
        .join(cases, c.case_id == decisions.c.case_id)
        .outerjoin(alerts, a.alert_id == o.alert_id)
        .where(*violating)
        .order_by(o.decision_id, o.unit)
    )
    return [
        _cause(row, terms)
        for some in in_batches(row["decision_id"] for row in decided)
        for row in connection.execute(joined.where(o.decision_id.in_(some))).mappings()
    ]


def _of_decision() -> list[ColumnElement[Any]]:
    d = decisions.c
    return [d.policy_id, d.policy_version, d.automated_decision, d.supersedes]


def _cause(row: RowMapping, terms: Terms) -> Cause:
    severity = Severity(row["severity"])
    product = row["own"] or row["product"]
    named = (row["entity_type"], row["entity"], row["action"], row["alert_id"], row["monitor"])
    return Cause(
        unit=Unit(*named, product),
        unit_id=row["unit"],
        product=product,
        policy_id=row["policy_id"],
        policy_version=row["policy_version"],
        automated=row["automated_decision"],
        needs=approvals(terms, row["action"], row["policy_id"], severity),
        decision_id=row["decision_id"],
        version=row["version"],
        supersedes=row["supersedes"],
    )


def approvals(terms: Terms, action: str, policy_id: str, severity: Severity) -> int:
    """How many people must approve what a person decided.

    A policy that is no longer there counts as one of law: nobody can say that it is none.
    """
    if action not in terms.enforcement.actions:
        return MOST_APPROVALS
    policy = terms.policies.by_id.get(policy_id)
    ground = policy.ground.kind if policy else GroundKind.LAW
    return terms.enforcement.approvals(action, severity, ground, decided=True)


def drafts(
    found: Iterable[Cause],
    aims: Mapping[Unit, Aim],
    *,
    rules: Rules,
    targets: Targets,
    now: datetime,
) -> list[Draft]:
    """A draft for each target of each cause, in the order in which they get their slots.

    Ids follow from what is acted on and why, so that the same is never planned twice.
    """
    made = [
        Draft(_row(cause, aims[cause.unit], target, rules, now), aims[cause.unit].code)
        for cause in found
        for target in aims[cause.unit].targets
    ]
    later = [replace(draft, row=_delayed(draft.row, rules, targets)) for draft in made]
    return sorted(later, key=lambda draft: order(draft.row, rules))


def _row(cause: Cause, aim: Aim, target: str, rules: Rules, now: datetime) -> Enforcement:
    unit = cause.unit
    action = rules.actions.get(unit.action)
    name = digest_parts("enforcement", cause.basis, cause.unit_id, target, unit.action)
    return Enforcement(
        enforcement_id=name,
        idempotency_key=name,  # the gates give the key that it is carried out under
        batch_id="",
        product=cause.product,
        policy_id=cause.policy_id,
        policy_version=cause.policy_version,
        target_type=aim.target_type,
        target=target,
        action=unit.action,
        action_class=action.action_class if action else _no_class(unit.action, rules),
        mode=rules.acting(cause.product).value,
        state=EnforcementState.PLANNED,
        automated=cause.automated,
        needs=cause.needs,
        planned_at=now,
        not_before=now,
        decision_id=cause.decision_id,
        alert_id=unit.alert_id,
        monitor=unit.monitor,
        version=cause.version,
        tenant=aim.tenants.get(target),
    )


def _delayed(row: Enforcement, rules: Rules, targets: Targets) -> Enforcement:
    """The row with its wait, so that abusers do not learn from its time what was noticed."""
    action = rules.actions.get(row.action)
    if action is None or action.delay is None:
        return row
    wait = action.delay.of(row.enforcement_id, targets.delay_key)
    return replace(row, not_before=row.planned_at + wait)


def order(row: Enforcement, rules: Rules) -> tuple[int, float, str]:
    """Who goes first: the gravest action, and of equal ones the longest."""
    action = rules.actions.get(row.action)
    gravity = int(action.gravity) if action else -1
    lasts = action.duration.total_seconds() if action and action.duration else math.inf
    return (-gravity, -lasts, row.enforcement_id)


def _no_class(action: str, rules: Rules) -> str:
    return PEOPLE if action in rules.people else UNKNOWN
