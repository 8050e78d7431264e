"""What the demo does with alerts: they become cases, one is decided, and what that would do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from monitors.contract import Monitor
from monitors.harms import Harm
from orchestration.alerts.records import Alert
from orchestration.cases.acts import review
from orchestration.cases.decide import decide
from orchestration.cases.judging import Outcome, Verdict
from orchestration.cases.linking import links_of
from orchestration.cases.members import members
from orchestration.cases.opening import open_cases
from orchestration.cases.queue import claim, listing
from orchestration.cases.terms import Terms
from orchestration.demo_alerts import APPROVER
from orchestration.enforcement.active import ActiveEntities
from orchestration.enforcement.plan import plan
from orchestration.enforcement.preview import Preview
from orchestration.ledger.case_states import OPEN, CaseState
from orchestration.ledger.cases import Case
from orchestration.ledger.database import reading
from orchestration.ledger.tables import batches, cases, decisions, enforcements
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from orchestration.policies.policy import Policy
from orchestration.working import Working, is_live

REASON = "the demo shows what a decision would do"


@dataclass(frozen=True, slots=True)
class Worked:
    """What stands at the end: open cases by queue, and the one that the demo decided.

    `case_id` is None where none was decided: all is restricted, nothing can be done in any, or a
    product is live, where the demo decides nothing. `preview` is None where nothing was planned.
    """

    queues: Mapping[str, int]
    case_id: str | None = None
    policy: str | None = None
    preview: str | None = None


def work(working: Working, *, now: datetime) -> Worked:
    """Open cases of the alerts that fire; decide one, once, in dry-run; say what that would do."""
    engine, terms = working.engine, working.terms(now)
    watched = working.watched(now)
    links = links_of(engine, working.alerting.lake, working.names, watched=watched)
    open_cases(engine, terms, watched=watched, now=now, links=links)
    if not is_live(terms):
        _decide_one(working, terms, now)
    with reading(engine) as connection:
        c = cases.c
        open_ = select(c.queue, func.count()).where(c.state.in_(sorted(OPEN))).group_by(c.queue)
        queues = {name: int(n) for name, n in connection.execute(open_.order_by(c.queue))}
        mine = _mine(connection)
        if mine is None:
            return Worked(queues)
        return Worked(queues, mine[1], mine[2], _preview(connection, mine[0]))


def _decide_one(working: Working, terms: Terms, now: datetime) -> None:
    """Have the first case decided in which something can be done, unless one was before."""
    engine = working.engine
    with reading(engine) as connection:
        chosen = None if _mine(connection) else _first(connection, working, terms, now)
    if chosen is None:
        return
    case, outcomes, policy = chosen
    skills = terms.desks.queues[case.queue].skills
    roles = frozenset({Role.REVIEWER, Role.APPROVER})
    who = Person(APPROVER.id, "U0DEMO", roles, ZoneInfo("UTC"), skills=skills)
    if claim(engine, who, case.case_id, terms=terms, now=now).state is CaseState.ASSIGNED:
        review(engine, who, case.case_id, terms=terms, now=now)
    decide(engine, who, case.case_id, outcomes, policy.id, terms=terms, now=now, reason=REASON)
    active = ActiveEntities(working.alerting.lake, now)
    plan(engine, terms=terms, targets=working.targets, active=active, now=now)


def _first(
    connection: Connection, working: Working, terms: Terms, now: datetime
) -> tuple[Case, dict[str, Outcome], Policy] | None:
    """The first case that waits, is not restricted, and has an action for one of its alerts."""
    waiting = [
        one.case
        for one in listing(connection, terms, now)
        if one.free and not one.case.restricted and one.case.queue in terms.desks.queues
    ]
    have = members(connection, [case.case_id for case in waiting])
    for case in waiting:
        policy = terms.policies.of_harm(Harm(case.harm))
        alerts = have[case.case_id].alerts
        if policy is None or not alerts:
            continue
        found = _outcomes(alerts, policy, terms, working.alerting.registry.monitors)
        if any(outcome.action for outcome in found.values()):
            return case, found, policy
    return None


def _outcomes(
    alerts: Sequence[Alert], policy: Policy, terms: Terms, monitors: Mapping[str, Monitor]
) -> dict[str, Outcome]:
    """Everything is violating, with the first action that fits, if any does."""
    return {
        alert.alert_id: Outcome(
            Verdict.VIOLATING, next(_fitting(alert, policy, terms, monitors), None)
        )
        for alert in alerts
    }


def _fitting(
    alert: Alert, policy: Policy, terms: Terms, monitors: Mapping[str, Monitor]
) -> Iterator[str]:
    """What the monitor proposes, then what the policy allows; as far as it goes with the entity."""
    proposed = [monitors[alert.monitor].action] if alert.monitor in monitors else []
    for name in (*proposed, *policy.actions):
        action = terms.enforcement.actions.get(name)
        if action is None or name not in policy.actions or action.each_member:
            continue
        if alert.entity_type in action.target_types:
            yield name


def _mine(connection: Connection) -> tuple[str, str, str] | None:
    """The demo's decision: its id, case and policy."""
    d = decisions.c
    rows = select(d.decision_id, d.case_id, d.policy_id).where(d.decider == APPROVER.id)
    found = connection.execute(rows.order_by(d.audit_seq).limit(1)).one_or_none()
    return (found.decision_id, found.case_id, found.policy_id) if found else None


def _preview(connection: Connection, decision_id: str) -> str | None:
    """The blast radius of what was planned for it, in a sentence."""
    e = enforcements.c
    of = select(e.batch_id).where(e.decision_id == decision_id).limit(1).scalar_subquery()
    found = connection.scalars(select(batches.c.preview).where(batches.c.batch_id == of)).first()
    return Preview(**found).text if found else None
