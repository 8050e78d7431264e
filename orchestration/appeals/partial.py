"""Partial appeals: a decision with a lighter action, in the place of the one that holds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from orchestration.appeals.errors import AppealError
from orchestration.cases.decide import last_decision
from orchestration.cases.judging import ENTITY, Verdict
from orchestration.cases.terms import Terms
from orchestration.enforcement.caps import PREFIX
from orchestration.enforcement.gates import ALREADY, KILL_SWITCH
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append
from orchestration.ledger.enforcement_states import PENDING, SENT, EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.machines import where
from orchestration.ledger.tables import alerts, case_alerts, decisions, enforcements, outcomes
from orchestration.policies.actions import Action
from orchestration.policies.policy import Policy
from orchestration.policies.rules import Rules

SHOWN = 16
FOR_EVER = timedelta.max
GOING = PENDING | SENT | {EnforcementState.APPLIED}
RETURNS = frozenset({KILL_SWITCH, ALREADY})  # blocked, and planned again by itself
S = EnforcementState


@dataclass(frozen=True, slots=True)
class Lighter:
    """What is done instead of an enforcement: an action, under the policy as it is now."""

    action: Action
    policy: Policy


def lighter(row: Enforcement, action: str | None, terms: Terms) -> Lighter:
    """The action in the enforcement's place. Raises AppealError for one that cannot be that."""
    rules, policy = terms.enforcement, terms.policies.by_id.get(row.policy_id)
    if action is None or action not in rules.actions:
        raise AppealError(
            "A partial appeal names no action of enforcement.yaml; wanted a lighter one. Choose it "
            "among those of the policy."
        )
    found = rules.actions[action]
    if policy is None or action not in policy.actions:
        allowed = ", ".join(policy.actions) if policy else "nothing, as it is gone"
        raise AppealError(
            f"'{action}' is not allowed by the policy '{row.policy_id}'; it allows {allowed}."
        )
    if found.each_member or row.target_type not in found.target_types:
        kinds = ", ".join(sorted(found.target_types))
        raise AppealError(f"'{action}' is done to {kinds}, not to one {row.target_type}.")
    if not _weight(found) < _most(row, rules):
        raise AppealError(
            f"'{action}' is no lighter than '{row.action}'; choose a lighter one, or uphold it."
        )
    return Lighter(found, policy)


def decide_lighter(
    connection: Connection, row: Enforcement, instead: Lighter, appeal_id: str, act: Act
) -> str:
    """Write a decision that supersedes the one that holds; its id. The planner takes it up.

    What else the old one decided is decided as it was, and what goes on of that goes on. Raises
    AppealError where there is no case, or a part of it stands still that people have to resume.
    """
    case_id = _case_of(connection, row)
    before = last_decision(connection, case_id)
    kept = _kept(connection, before)
    mine = _own(connection, row, kept)
    new = {
        "decision_id": f"decision_{digest_parts('appeal', appeal_id, case_id)[:SHOWN]}",
        "case_id": case_id,
        "policy_id": instead.policy.id,
        "policy_version": instead.policy.version,
        "ground": instead.policy.ground.kind.value,
        "automated_detection": row.monitor is not None,
        "automated_decision": "not",
        "decider": act.actor.id,
        "decided_at": act.at,
        "supersedes": before,
        "assisted_by": None,
        "confidence": None,
    }
    others = [each for each in kept if each["unit"] != mine["unit"]]
    changed = {**mine, "outcome": Verdict.VIOLATING.value, "action": instead.action.id}
    rows = [
        {**each, "decision_id": new["decision_id"]}
        for each in sorted([*others, changed], key=lambda each: str(each["unit"]))
    ]
    seq = append(
        connection,
        act=act,
        verb="decide",
        object_id=f"decision:{new['decision_id']}",
        after=digest_record({**new, "outcomes": rows}),
    )
    connection.execute(insert(decisions), {**new, "audit_seq": seq, "acted": False})
    connection.execute(insert(outcomes), rows)
    return str(new["decision_id"])


def _weight(action: Action) -> tuple[int, timedelta]:
    return int(action.gravity), action.duration or FOR_EVER


def _most(row: Enforcement, rules: Rules) -> tuple[int, timedelta]:
    """What was done, as grave as it is; an action that is gone counts as the gravest."""
    done = rules.actions.get(row.action)
    return _weight(done) if done else max(map(_weight, rules.actions.values()))


def _case_of(connection: Connection, row: Enforcement) -> str:
    d, c = decisions.c, case_alerts.c
    by_decision = select(d.case_id).where(d.decision_id == row.decision_id)
    by_alert = select(c.case_id).where(c.alert_id == row.alert_id, c.current)
    for query in (by_alert, by_decision):
        found: str | None = connection.execute(query).scalar_one_or_none()
        if found is not None:
            return found
    raise AppealError(
        "No case is about the enforcement, so no decision can say what is right instead; wanted "
        "one. Overturn it, and open a case for what remains."
    )


def _own(
    connection: Connection, row: Enforcement, kept: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """The unit for which the enforcement was done. AppealError for a member of a cluster."""
    a = alerts.c
    about = connection.execute(select(a.entity).where(a.alert_id == row.alert_id))
    entity = about.scalar_one_or_none()
    if row.alert_id is not None and entity != row.target:
        raise AppealError(
            "The enforcement is on one of a cluster's members, of whom a decision speaks as one; "
            "wanted one of its own. Overturn it, and open a case for the account."
        )
    unit = row.alert_id or f"{ENTITY}{row.target_type}:{row.target}"
    known = {each["unit"]: dict(each) for each in kept}
    new = {"unit": unit, "alert_id": row.alert_id}
    return known.get(unit, {**new, "entity_type": row.target_type, "entity": row.target})


def _kept(connection: Connection, decision_id: str | None) -> list[dict[str, Any]]:
    """What the decision that holds says; of what does not go on any more, without its action."""
    if decision_id is None:
        return []
    o, e = outcomes.c, enforcements.c
    said = connection.execute(select(outcomes).where(o.decision_id == decision_id)).mappings().all()
    acted = connection.scalar(
        select(decisions.c.acted).where(decisions.c.decision_id == decision_id)
    )
    if not acted:
        return [dict(each) for each in said]
    done: defaultdict[tuple[str, str], list[Enforcement]] = defaultdict(list)
    for row in where(connection, ENFORCEMENTS, e.decision_id == decision_id).values():
        done[_unit_key(row.alert_id, row.target)].append(row)
    return [
        {**each, "action": each["action"] if _goes_on(done[key]) else None}
        for each in said
        for key in [_unit_key(each["alert_id"], each["entity"])]
    ]


def _unit_key(alert_id: str | None, entity: str) -> tuple[str, str]:
    return ("alert", alert_id) if alert_id else ("entity", entity)


def _goes_on(rows: Iterable[Enforcement]) -> bool:
    """Whether all of a unit's rows are done or to be done, and nothing was taken back."""
    every = list(rows)
    if any(row.state is S.BLOCKED and (row.code or "").startswith(PREFIX) for row in every):
        raise AppealError(
            "Another part of the decision was stopped by a cap, and would be lost; have that batch "
            "resumed or refused first. Or overturn this one."
        )
    return bool(every) and all(
        row.mode == "live"
        and row.reversal_id is None
        and (row.state in GOING or (row.state is S.BLOCKED and row.code in RETURNS))
        for row in every
    )
