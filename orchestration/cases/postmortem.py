"""Post-mortems: what the record of an incident says, as a page whose judgement people write."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, or_, select

from orchestration.alerts.records import Alert
from orchestration.cases.incident_record import (
    Event,
    Incident,
    contacts,
    incident_of,
    still_to_contact,
    timeline_of,
)
from orchestration.cases.members import Entity, batches, members
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.machines import where
from orchestration.ledger.tables import (
    appeals,
    cases,
    decisions,
    enforcements,
    gaps,
    protections,
)

EMPTY = ("What went well", "What went wrong", "Where we were lucky", "Why it happened")
TO_WRITE = "To be written by those who were there."


@dataclass(frozen=True, slots=True)
class Record:
    """All that the ledger has of an incident.

    `enforcements` counts live ones by state. `gaps`: kind, product and harm of each that its cases
    opened and nobody closed. `unspoken`: protected entities of its cases, by pseudonym, of which
    no contact is recorded.
    """

    incident: Incident
    events: Sequence[Event]
    cases: Sequence[Case]
    alerts: Sequence[Alert]
    entities: int
    enforcements: Mapping[str, int]
    appeals: int
    gaps: Sequence[tuple[str, str, str]]
    unspoken: Sequence[str]


def record_of(connection: Connection, incident_id: str) -> Record:
    """What the ledger has of an incident now. CaseError if there is none of that id."""
    incident = incident_of(connection, incident_id)
    events = timeline_of(connection, incident_id)
    linked = where(connection, CASES, cases.c.incident_id == incident_id)
    have = members(connection, linked)
    alerts = {alert.alert_id: alert for one in have.values() for alert in one.alerts}
    entities = {entity for one in have.values() for entity in one.entities}
    ids = _enforcements(connection, linked, alerts)
    spoken = contacts(events)
    return Record(
        incident=incident,
        events=events,
        cases=sorted(linked.values(), key=lambda case: (case.opened_at, case.case_id)),
        alerts=sorted(alerts.values(), key=lambda alert: (alert.first_seen, alert.alert_id)),
        entities=len(entities),
        enforcements=Counter(ids.values()),
        appeals=_appeals(connection, ids),
        gaps=_gaps(connection, linked),
        unspoken=[
            name for name in _protected(connection, entities, incident) if name not in spoken
        ],
    )


def skeleton(record: Record) -> str:
    """The post-mortem in Markdown: facts filled in, judgement left to people, times in UTC."""
    incident = record.incident
    parts = [
        f"# Post-mortem: {incident.title}",
        "",
        *_head(record),
        "",
        "## Impact",
        "",
        *_impact(record),
        "",
        "## Timeline (UTC)",
        "",
        *(_line(event) for event in record.events),
    ]
    for title in EMPTY:
        parts += ["", f"## {title}", "", TO_WRITE]
    for title, lines in _lists(record).items():
        parts += ["", f"## {title}", "", *(lines or ["None."])]
    return "\n".join([*parts, "", "## What is to be done, by whom, until when", "", TO_WRITE, ""])


def _head(record: Record) -> list[str]:
    incident = record.incident
    roles = ", ".join(f"{role} {person}" for role, person in sorted(incident.roles.items()))
    return [
        f"- Incident: {incident.incident_id}, {incident.severity.name}, {incident.state}",
        f"- Roles: {roles or 'none'}",
        f"- Opened: {_moment(incident.opened_at)}",
        f"- Mitigated: {_moment(incident.mitigated_at)}",
        f"- Closed: {_moment(incident.closed_at)}",
    ]


def _impact(record: Record) -> list[str]:
    incident, alerts = record.incident, record.alerts
    first = alerts[0].first_seen if alerts else None
    acted = ", ".join(f"{n} {state}" for state, n in sorted(record.enforcements.items()))
    findings = sum(alert.standing for alert in alerts)
    return [
        f"- {len(record.cases)} cases, {len(alerts)} alerts, {findings} findings",
        f"- {record.entities} entities",
        f"- Enforcement on them: {acted or 'none'}; {record.appeals} appeals",
        f"- From the first finding to the incident: {_time(first, incident.opened_at)}",
        f"- From there to the end of the harm: {_time(incident.opened_at, incident.mitigated_at)}",
    ]


def _lists(record: Record) -> dict[str, list[str]]:
    found = Counter((alert.monitor, alert.version) for alert in record.alerts)
    spoken = contacts(record.events)
    waiting = still_to_contact(record.events)
    return {
        "Linked cases": [
            f"- {case.case_id}: {case.harm}, {case.severity.name}, {case.state}"
            for case in record.cases
        ],
        "Monitors": [
            f"- {name} v{version}: {n} alerts" for (name, version), n in sorted(found.items())
        ],
        "Customers": [f"- {name}: {spoken[name].line}" for name in sorted(spoken)],
        "Gaps": [
            *(f"- {kind}: {harm} on {product}" for kind, product, harm in record.gaps),
            *(f"- {name} is still to be contacted" for name in waiting),
            *(f"- {name} is protected, and no contact is recorded" for name in record.unspoken),
        ],
    }


def _line(event: Event) -> str:
    about = f" {event.object}" if event.object else ""
    return f"- {_moment(event.at)} {event.kind}{about}: {event.line} ({event.person})"


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if at else "not yet"


def _time(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None:
        return "unknown"
    minutes = (end - start) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else ''}{hours} h {rest:02} min"


def _enforcements(
    connection: Connection, linked: Iterable[str], alerts: Iterable[str]
) -> dict[str, str]:
    """State of each live enforcement that a decision or an alert of the cases led to."""
    table = enforcements.c
    found: dict[str, str] = {}
    by_case = decisions.c.decision_id == table.decision_id
    rows = select(table.enforcement_id, table.state).outerjoin(decisions, by_case)
    mine = [decisions.c.case_id.in_(some) for some in batches(sorted(linked))]
    mine += [table.alert_id.in_(some) for some in batches(sorted(alerts))]
    for condition in mine:
        live = rows.where(or_(condition), table.mode == "live")
        found |= {row.enforcement_id: row.state for row in connection.execute(live)}
    return found


def _appeals(connection: Connection, enforcement_ids: Iterable[str]) -> int:
    ids: set[str] = set()
    for some in batches(sorted(enforcement_ids)):
        mine = select(appeals.c.appeal_id).where(appeals.c.enforcement_id.in_(some))
        ids |= set(connection.scalars(mine))
    return len(ids)


def _gaps(connection: Connection, linked: Iterable[str]) -> list[tuple[str, str, str]]:
    table, found = gaps.c, []
    for some in batches(sorted(linked)):
        mine = select(table.kind, table.product, table.harm).where(
            table.case_id.in_(some), table.closed_at.is_(None)
        )
        found += [(row.kind, row.product, row.harm) for row in connection.execute(mine)]
    return sorted(found)


def _protected(connection: Connection, entities: set[Entity], incident: Incident) -> list[str]:
    """Entities of the cases that were protected when the incident was opened, or are since."""
    table = protections.c
    holds = or_(table.ends_at.is_(None), table.ends_at > incident.opened_at)
    rows = connection.execute(select(table.entity_type, table.entity).where(holds))
    return sorted(name for kind, name in rows if (kind, name) in entities)
