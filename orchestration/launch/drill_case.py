"""The case of an appeal drill: a decision about a test account, by the way that any other takes."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from monitors.harms import Harm
from orchestration.cases.acts import review
from orchestration.cases.clocks import begun
from orchestration.cases.decide import decide, last_decision
from orchestration.cases.holding import skills_for
from orchestration.cases.judging import ENTITY, Outcome, Verdict
from orchestration.cases.making import case_id_of, triaged
from orchestration.cases.members import add_entities
from orchestration.cases.queue import claim
from orchestration.cases.terms import Terms
from orchestration.launch.errors import LaunchError
from orchestration.launch.trials import Tried
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import writing
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.machines import where, write
from orchestration.ledger.tables import enforcements
from orchestration.oncall.people import Person
from orchestration.policies.policy import Policy
from orchestration.triage.desks import Source, Traits, sla_of
from orchestration.triage.route import route

REASON = "a drill on a test account"
ACCOUNT = "account_id"


@dataclass(frozen=True, slots=True)
class Aimed:
    """What a drill does, and the policy and harm under which it may."""

    action: str
    policy: Policy
    harm: Harm


def aimed(terms: Terms, action: str) -> Aimed:
    """The least grave policy under which an action can be drilled.

    Raises LaunchError, with those that can, unless it is done to accounts, at once, without a
    second person, and can be given back.
    """
    by_action = {name: _allowing(terms, name) for name in sorted(terms.enforcement.actions)}
    free = by_action.get(action, [])
    if not free:
        known = ", ".join(name for name, allow in by_action.items() if allow) or "none"
        raise LaunchError(
            f"'{action}' cannot be drilled; wanted an action on accounts that is done at once, "
            f"needs no second person and can be given back: {known}. Choose one whose field the "
            "product's service has."
        )
    policy = max(free, key=lambda one: (one.severity, one.id))
    return Aimed(action, policy, min(policy.harms))


def open_case(
    engine: Engine, who: Person, trial: Tried, aim: Aimed, *, target: str, terms: Terms
) -> Case:
    """Open the drill's case about the test account, without a label or a gap.

    It is nothing that a monitor missed, so recall must not count it. Raises LaunchError where the
    person has not the skills of its queue: then nothing is written.
    """
    case = _case(trial, aim, terms)
    missing = sorted(skills_for(terms.desks, case) - who.skills)
    if missing:
        raise LaunchError(
            f"{who.id} lacks {', '.join(missing)}, which cases of {aim.harm} want; have somebody "
            "begin the drill who has it, or choose another action."
        )
    act = Act(Actor(who.id, "person"), trial.at, REASON)
    with writing(engine) as connection:
        write(connection, CASES, before={}, after=[case], act=act)
        add_entities(connection, {(case.case_id, ACCOUNT, target)}, act)
        return triaged(connection, {case.case_id: case}, act)[case.case_id]


def decide_case(
    engine: Engine, who: Person, case: Case, aim: Aimed, *, target: str, terms: Terms
) -> None:
    """Take the case, review and decide it: the account violates, and the action is due."""
    now = case.opened_at
    claim(engine, who, case.case_id, terms=terms, now=now)
    review(engine, who, case.case_id, terms=terms, now=now)
    chosen = {f"{ENTITY}{ACCOUNT}:{target}": Outcome(Verdict.VIOLATING, aim.action)}
    policy = aim.policy.id
    decide(engine, who, case.case_id, chosen, policy, terms=terms, now=now, reason=REASON)


def acted(connection: Connection, trial: Tried) -> Enforcement | None:
    """What came of the drill's decision; None before it was planned."""
    decision = last_decision(connection, _case_id(trial))
    if decision is None:
        return None
    found = where(connection, ENFORCEMENTS, enforcements.c.decision_id == decision)
    return next(iter(found.values()), None)


def _case(trial: Tried, aim: Aimed, terms: Terms) -> Case:
    severity = aim.policy.severity
    traits = Traits(aim.harm, trial.about, severity, Source.ESCALATION, ACCOUNT)
    queue, rule = route(terms.desks, traits)
    return Case(
        case_id=_case_id(trial),
        cluster_id=digest_parts("drill", trial.trial_id),
        source=Source.ESCALATION.value,
        harm=aim.harm.value,
        product=trial.about,
        severity=severity,
        score=None,
        contributions={},
        queue=queue,
        rule=rule or "default",
        restricted=terms.desks.queues[queue].restricted,
        state=CaseState.NEW,
        opened_at=trial.at,
        changed_at=trial.at,
        **begun(sla_of(terms.desks, queue), severity, trial.at),
    )


def _case_id(trial: Tried) -> str:
    return case_id_of("drill", trial.trial_id)


def _allowing(terms: Terms, name: str) -> list[Policy]:
    """Policies under which an action is done at once to an account, and can be given back."""
    action = terms.enforcement.actions[name]
    at_once = action.delay is None and not action.each_member and not action.one_off
    if not at_once or not action.reversible or ACCOUNT not in action.target_types:
        return []
    return [
        one
        for one in terms.policies.items
        if name in one.actions and _plain(terms, one) and not _approvals(terms, name, one)
    ]


def _plain(terms: Terms, policy: Policy) -> bool:
    """Whether its cases are for everybody: those of harm to children and oneself are no drill."""
    traits = Traits(min(policy.harms), "", policy.severity, Source.ESCALATION, ACCOUNT)
    return not terms.desks.queues[route(terms.desks, traits).queue].restricted


def _approvals(terms: Terms, action: str, policy: Policy) -> int:
    ground = policy.ground.kind
    return terms.enforcement.approvals(action, policy.severity, ground, decided=True)
