"""What is shut to somebody: restricted cases without their skills, and all that came of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from orchestration.cases.holding import may_work
from orchestration.cases.members import batches
from orchestration.ledger.cases import CASES
from orchestration.ledger.machines import of_ids
from orchestration.ledger.tables import (
    alerts,
    case_alerts,
    case_entities,
    decisions,
    enforcements,
    outcomes,
    reports,
)
from orchestration.oncall.people import Person
from orchestration.triage.desks import Desks


@dataclass(frozen=True, slots=True)
class Shut:
    """Ids of what somebody may know the existence of, and no more."""

    cases: Collection[str] = frozenset()
    alerts: Collection[str] = frozenset()
    decisions: Collection[str] = frozenset()
    enforcements: Collection[str] = frozenset()


NOTHING = Shut()


def shut(connection: Connection, who: Person, desks: Desks, entities: Iterable[str]) -> Shut:
    """What is shut to somebody of these entities, by pseudonym."""
    names = sorted(set(entities))
    ids = {case_id for some in batches(names) for case_id in _cases_of(connection, some)}
    found = of_ids(connection, CASES, ids).values()
    mine = [case.case_id for case in found if case.restricted and not may_work(who, desks, case)]
    if not mine:
        return NOTHING
    e, a, d = enforcements.c, case_alerts.c, decisions.c
    made: list[set[str]] = [set(), set(), set()]
    for some in batches(mine):
        of_alerts = select(a.alert_id).where(a.case_id.in_(some))
        of_decisions = select(d.decision_id).where(d.case_id.in_(some))
        either = or_(e.decision_id.in_(of_decisions), e.alert_id.in_(of_alerts))
        queries = (of_alerts, of_decisions, select(e.enforcement_id).where(either))
        for ids_, query in zip(made, queries, strict=True):
            ids_.update(connection.scalars(query))
    return Shut(frozenset(mine), *map(frozenset, made))


def _cases_of(connection: Connection, names: list[str]) -> set[str]:
    """Every case that an entity is in, was in, or was decided on or acted on from."""
    a, d, e, o = alerts.c, decisions.c, enforcements.c, outcomes.c
    held = select(case_alerts.c.case_id)
    decided = select(d.case_id)
    queries = (
        select(case_entities.c.case_id).where(case_entities.c.entity.in_(names)),
        held.join(alerts, a.alert_id == case_alerts.c.alert_id).where(a.entity.in_(names)),
        decided.join(outcomes, o.decision_id == d.decision_id).where(o.entity.in_(names)),
        decided.join(enforcements, e.decision_id == d.decision_id).where(e.target.in_(names)),
        held.join(enforcements, e.alert_id == case_alerts.c.alert_id).where(e.target.in_(names)),
        select(reports.c.case_id).where(reports.c.target.in_(names)),
    )
    return {one for query in queries for one in connection.scalars(query) if one is not None}
