"""Making cases: the records of those that begin, begin anew, or change their queue."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from orchestration.alerts.records import Alert
from orchestration.cases.clocks import begun
from orchestration.cases.grouping import lead, routed
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.case_states import CaseState
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.machines import write
from orchestration.triage.cluster import Item, cluster_id
from orchestration.triage.desks import Desks, Source, sla_of

OPENING = Actor("cases", "system")
SHOWN = 16  # characters of a case's id


def begin(
    terms: Terms, alerts: Sequence[Alert], related: Case | None, now: datetime, source: Source
) -> Case:
    """A new case of these alerts, routed and with its clock, and not yet scored."""
    first, chosen = lead(alerts), routed(terms.desks, lead(alerts), source=source)
    cluster = cluster_id(Item(alert.alert_id, alert.opened_at, frozenset()) for alert in alerts)
    round_ = (related.case_id, str(related.reopens)) if related else ()
    return Case(
        case_id=case_id_of(cluster, *round_),
        cluster_id=cluster,
        source=source.value,
        harm=first.harm,
        product=first.product,
        severity=first.severity,
        score=None,
        contributions={},
        queue=chosen.queue,
        rule=chosen.rule or "default",
        restricted=terms.desks.queues[chosen.queue].restricted,
        state=CaseState.NEW,
        opened_at=now,
        changed_at=now,
        related_id=related.case_id if related else None,
        **begun(sla_of(terms.desks, chosen.queue), first.severity, now),
    )


def case_id_of(*parts: str) -> str:
    """A case's id, the same whoever makes it."""
    return f"case_{digest_parts('case', *parts)[:SHOWN]}"


def triaged(connection: Connection, new: Mapping[str, Case], act: Act) -> dict[str, Case]:
    """Write that new or reopened cases wait in their queues."""
    system = Act(OPENING, act.at, act.reason, on_behalf_of=act.on_behalf_of)
    waiting = {
        case_id: replace(case, state=CaseState.TRIAGED, changed_at=act.at)
        for case_id, case in new.items()
    }
    write(connection, CASES, before=new, after=waiting.values(), act=system)
    return waiting


def reopened(case: Case, terms: Terms, alerts: Sequence[Alert], now: datetime) -> Case:
    """The closed case as work that begins anew: routed, clocked and nobody's.

    It keeps its severity, if that is higher, and a restricted one its queue.
    """
    queue, rule = case.queue, case.rule
    severity = min([case.severity, *(alert.severity for alert in alerts)])
    if alerts:
        chosen = routed(terms.desks, lead(alerts), severity)
        keeps = case.restricted and not terms.desks.queues[chosen.queue].restricted
        if not keeps:
            queue, rule = chosen.queue, chosen.rule or "default"
    if queue not in terms.desks.queues:
        queue, rule = terms.desks.default, "default"
    return replace(
        nobodys(case),
        state=CaseState.REOPENED,
        severity=severity,
        queue=queue,
        rule=rule,
        restricted=case.restricted or terms.desks.queues[queue].restricted,
        changed_at=now,
        first_action_at=None,
        decided_at=None,
        closed_at=None,
        reopen_until=None,
        reopens=case.reopens + 1,
        revision=case.revision + 1,
        **begun(sla_of(terms.desks, queue), severity, now),
    )


def rerouted(case: Case, desks: Desks, first: Alert) -> Case:
    """The case in the queue of its leading alert; a restricted one stays with the restricted."""
    chosen = routed(desks, first, case.severity)
    restricted = desks.queues[chosen.queue].restricted
    if case.restricted and not restricted:
        return case
    rule = chosen.rule or "default"
    return replace(case, queue=chosen.queue, rule=rule, restricted=restricted)


def nobodys(case: Case) -> Case:
    """The case in nobody's hands."""
    return replace(case, assignee=None, leased_by=None, leased_until=None)
