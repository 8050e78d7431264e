"""What a decision says of each unit of a case, and whether policy and rules let it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from orchestration.alerts.records import Alert
from orchestration.cases.errors import CaseError
from orchestration.cases.members import Members, entity_of
from orchestration.cases.terms import Terms
from orchestration.oncall.scalars import quoted, unknown
from orchestration.policies.policy import Policy

ENTITY = "entity:"  # begins the unit of an entity that no alert of the case is about


class Verdict(StrEnum):
    """What somebody holds a unit for."""

    VIOLATING = "violating"
    BENIGN = "benign"
    INSUFFICIENT = "insufficient"  # the evidence does not tell
    NO_POLICY = "no_policy"  # it is harmful, and nothing forbids it


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one unit, and what is to be done; only what is violating has an action."""

    verdict: Verdict
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """What is judged: an alert, or an entity that no alert of the case is about."""

    id: str
    entity_type: str
    entity: str
    alert: Alert | None = None


def units_of(have: Members) -> dict[str, Unit]:
    """Everything of a case that can be judged, by the id to name it with.

    An alert goes by its own id, an entity without one by `entity:<type>:<pseudonym>`.
    """
    found = {
        alert.alert_id: Unit(alert.alert_id, *entity_of(alert), alert) for alert in have.alerts
    }
    about = {entity_of(alert) for alert in have.alerts}
    for kind, name in have.entities:
        if (kind, name) not in about:
            unit = f"{ENTITY}{kind}:{name}"
            found[unit] = Unit(unit, kind, name)
    return found


def judged(
    terms: Terms, have: Members, outcomes: Mapping[str, Outcome], policy_id: str | None
) -> tuple[list[tuple[Unit, Outcome]], Policy | None]:
    """The units with their outcomes, in order of id, and the policy.

    Every alert has one; so has every entity of a case without alerts, else entities may. Raises
    CaseError with everything that is wrong, PolicyError for an unknown policy.
    """
    units = units_of(have)
    policy = terms.policies.of(policy_id) if policy_id is not None else None
    wrong = [*_missing(units, have, outcomes), *_misfits(outcomes, policy)]
    known = {unit: outcome for unit, outcome in outcomes.items() if unit in units}
    for unit, outcome in sorted(known.items()):
        if outcome.action is not None:
            wrong += _wrong_action(terms, units[unit], outcome, policy)
    if wrong:
        raise CaseError("\n".join(dict.fromkeys(wrong)))
    return [(units[unit], outcomes[unit]) for unit in sorted(outcomes)], policy


def _missing(
    units: Mapping[str, Unit], have: Members, outcomes: Mapping[str, Outcome]
) -> Iterable[str]:
    wanted = {alert.alert_id for alert in have.alerts} or set(units)
    left, strange = wanted - outcomes.keys(), outcomes.keys() - units.keys()
    if left:
        yield (
            f"{len(left)} of {len(wanted)} units of the case have no outcome; wanted one for each. "
            "Look at the case again: some may have come since."
        )
    if strange:
        yield f"{len(strange)} outcomes are of no unit of the case; leave them out."
    if not wanted:
        yield "The case has no alert and no entity; add an entity, or merge it into another."


def _misfits(outcomes: Mapping[str, Outcome], policy: Policy | None) -> Iterable[str]:
    verdicts = {outcome.verdict for outcome in outcomes.values()}
    if Verdict.VIOLATING in verdicts and policy is None:
        yield "Something is violating, and no policy is named; name the one it violates."
    if verdicts == {Verdict.NO_POLICY} and policy is not None:
        yield f"No policy fits, and '{policy.id}' is named; leave it out."
    if any(one.action and one.verdict is not Verdict.VIOLATING for one in outcomes.values()):
        yield "Something that is not violating has an action; leave the action out."


def _wrong_action(
    terms: Terms, unit: Unit, outcome: Outcome, policy: Policy | None
) -> Iterable[str]:
    action, rules = outcome.action or "", terms.enforcement
    if action in rules.people:
        return
    if action not in rules.actions:
        yield unknown(action, rules.known, "action", " in enforcement.yaml")
        return
    found = rules.actions[action]
    if policy is not None and action not in policy.actions:
        allowed = ", ".join(policy.actions) or "none"
        yield f"{quoted(action)} is not allowed by the policy '{policy.id}'; it allows {allowed}."
    if unit.entity_type not in found.target_types and not found.each_member:
        kinds = ", ".join(sorted(found.target_types))
        yield f"{quoted(action)} is done to {kinds}, not to {unit.entity_type}; choose another."
