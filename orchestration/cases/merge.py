"""Merging cases that are one, and splitting one that is several."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, update

from orchestration.alerts.records import Alert
from orchestration.cases.clocks import earlier, paused, resumed
from orchestration.cases.errors import CaseError
from orchestration.cases.grouping import lead
from orchestration.cases.holding import Deed, begun, require_open, require_skills
from orchestration.cases.making import case_id_of, nobodys, rerouted, triaged
from orchestration.cases.members import (
    add_entities,
    drop_entities,
    entity_of,
    members,
    place,
)
from orchestration.cases.scoring import scored
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.machines import one, write
from orchestration.ledger.tables import reports
from orchestration.oncall.people import Person
from orchestration.triage.cluster import Item, cluster_id


def merge(
    engine: Engine,
    who: Person,
    case_id: str,
    *,
    other_id: str,
    reason: str,
    terms: Terms,
    now: datetime,
) -> Case:
    """Give a case all that another has, alerts, entities and reports, and close that one.

    It becomes as grave as the graver, and due no later than either. CaseError unless both are
    open, and of one queue if one of them is restricted; PeopleError unless by a lead.
    """
    with begun(engine, who, "merge", case_id, now) as deed:
        case, other = deed.case, one(deed.connection, CASES, other_id)
        _refuse_merge(case, other)
        _require_skills(who, terms, case)
        act = deed.act(reason)
        found = members(deed.connection, [other_id])[other_id]
        place(deed.connection, {case_id: found.alerts}, act, "merge")
        add_entities(deed.connection, {(case_id, *entity) for entity in found.entities}, act)
        _move_reports(deed.connection, other_id, case_id, act)
        have = members(deed.connection, [case_id])
        joined = {case_id: _joined(case, other, now)}
        after = scored(deed.connection, terms, joined, have, now)[case_id]
        over = replace(
            nobodys(other),
            state=CaseState.CLOSED,
            merged_into=case_id,
            closed_at=now,
            changed_at=now,
        )
        before = {case_id: case, other_id: other}
        write(deed.connection, CASES, before=before, after=[after, over], act=act, verb="merge")
        return after


def split(
    engine: Engine,
    who: Person,
    case_id: str,
    *,
    alert_ids: Collection[str],
    reason: str,
    terms: Terms,
    now: datetime,
) -> Case:
    """Make some alerts of an open case one of its own, which refers to it; the new case.

    It has the clock of the old one, and waits in the queue of its own leading alert. CaseError for
    no alert, all of them, or another case's; PeopleError unless by a lead.
    """
    with begun(engine, who, "merge", case_id, now) as deed:
        case, act = deed.case, deed.act(reason)
        require_open(case)
        _require_skills(who, terms, case)
        have = members(deed.connection, [case_id])[case_id]
        chosen = _chosen(have.alerts, set(alert_ids))
        new = _split_off(case, chosen, terms, now)
        place(deed.connection, {new.case_id: chosen}, act, "split")
        stay = {entity_of(alert) for alert in have.alerts if alert not in chosen}
        drop_entities(deed.connection, case_id, {entity_of(alert) for alert in chosen} - stay)
        return _written(deed, new, terms, reason)


def _joined(case: Case, other: Case, now: datetime) -> Case:
    """A case that has taken another in: as grave as the graver, and due no later than either."""
    clocked = earlier(resumed(case, now), resumed(other, now))
    return replace(
        paused(clocked, now) if case.state is CaseState.NEEDS_INFO else clocked,
        severity=min(case.severity, other.severity),
        incident_id=case.incident_id or other.incident_id,
        changed_at=now,
        revision=case.revision + 1,
    )


def _chosen(have: Sequence[Alert], wanted: Collection[str]) -> list[Alert]:
    """The alerts that go: some of the case's, not all."""
    found = [alert for alert in have if alert.alert_id in wanted]
    if len(found) < len(wanted) or not 0 < len(found) < len(have):
        raise CaseError(
            f"{len(wanted)} alerts were named, {len(found)} of them among the {len(have)} of the "
            "case; wanted at least one of its alerts, and not all."
        )
    return found


def _split_off(case: Case, alerts: Sequence[Alert], terms: Terms, now: datetime) -> Case:
    """A new case of alerts of another, with its clock, where the gravest of them belongs."""
    first = lead(alerts)
    cluster = cluster_id(Item(alert.alert_id, alert.opened_at, frozenset()) for alert in alerts)
    new = Case(
        case_id=case_id_of("split", case.case_id, cluster, str(case.revision)),
        cluster_id=cluster,
        source=case.source,
        harm=first.harm,
        product=first.product,
        severity=first.severity,
        score=None,
        contributions={},
        queue=case.queue,
        rule=case.rule,
        restricted=case.restricted,
        state=CaseState.NEW,
        opened_at=now,
        changed_at=now,
        sla=case.sla,
        pauses=case.pauses,
        first_action_due=case.first_action_due,
        resolve_due=case.resolve_due,
        related_id=case.case_id,
    )
    return rerouted(resumed(new, now), terms.desks, first)


def _written(deed: Deed, new: Case, terms: Terms, reason: str) -> Case:
    case_id, new_id = deed.case.case_id, new.case_id
    old = replace(deed.case, changed_at=deed.now, revision=deed.case.revision + 1)
    have = members(deed.connection, [case_id, new_id])
    both = {case_id: old, new_id: new}
    after = scored(deed.connection, terms, both, have, deed.now)
    deed.become(after[case_id], reason, "split")
    act = deed.act(reason)
    write(deed.connection, CASES, before={}, after=[after[new_id]], act=act, verb="split")
    for_whom = replace(act, on_behalf_of=deed.who.id)
    return triaged(deed.connection, {new_id: after[new_id]}, for_whom)[new_id]


def _refuse_merge(case: Case, other: Case) -> None:
    if case.case_id == other.case_id:
        raise CaseError("A case cannot be merged into itself; name two.")
    require_open(case)
    require_open(other)
    apart = case.restricted or other.restricted
    if apart and (case.restricted, case.queue) != (other.restricted, other.queue):
        raise CaseError(
            f"One of the two is restricted, and they are in the queues '{case.queue}' and "
            f"'{other.queue}'; wanted one queue. Escalate the other into it first."
        )


def _require_skills(who: Person, terms: Terms, case: Case) -> None:
    """CaseError for a restricted case without its skills: what is in it would be told."""
    if case.restricted:
        require_skills(who, terms.desks, case)


def _move_reports(connection: Connection, of: str, to: str, act: Act) -> None:
    moved = update(reports).where(reports.c.case_id == of).values(case_id=to)
    if connection.execute(moved).rowcount:
        append(
            connection,
            act=act,
            verb="merge",
            object_id=f"case_reports:{to}",
            after=digest_parts(of),
        )
