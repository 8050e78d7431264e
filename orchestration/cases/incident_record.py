"""The record of incidents: a row each, and a timeline that only grows."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from monitors.contract import Severity
from orchestration.cases.errors import CaseError
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append
from orchestration.ledger.database import writer
from orchestration.ledger.ids import check_line, digest_parts, digest_record
from orchestration.ledger.tables import incident_events, incidents

THREAD = "thread:"  # stands before the thread that an incident was declared in


class IncidentState(StrEnum):
    """Where an incident is: it does harm, it does no more, or it is over."""

    OPEN = "open"
    MITIGATED = "mitigated"
    CLOSED = "closed"


class EventKind(StrEnum):
    """What an entry of the timeline tells of."""

    OPENED = "opened"
    NOTE = "note"
    LINKED_CASE = "linked_case"
    ROLE = "role"
    CONTACT = "contact"
    MITIGATED = "mitigated"
    CLOSED = "closed"


class Contact(StrEnum):
    """How far it is with an account that somebody has to speak to."""

    TO_CONTACT = "to_contact"
    CONTACTED = "contacted"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that goes wrong at large. `roles` are ids of people, by role."""

    incident_id: str
    title: str
    severity: Severity
    state: IncidentState
    roles: Mapping[str, str]
    opened_at: datetime
    mitigated_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of an incident's timeline. `object`: the case, role, account or thread of it."""

    at: datetime
    person: str
    kind: EventKind
    object: str | None
    line: str


def incident_of(connection: Connection, incident_id: str) -> Incident:
    """One incident. CaseError if there is none of that id."""
    same = select(incidents).where(incidents.c.incident_id == incident_id)
    row = connection.execute(same).mappings().one_or_none()
    if row is None:
        raise CaseError(
            f"There is no incident of the id given ({len(incident_id)} characters); copy it from "
            "where they are listed."
        )
    return _read(row)


def all_incidents(connection: Connection, *, closed: bool = True) -> list[Incident]:
    """Every incident, the newest first; without those that are over, if told so."""
    rows = select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.incident_id)
    found = [_read(row) for row in connection.execute(rows).mappings()]
    return [one for one in found if closed or one.state is not IncidentState.CLOSED]


def timeline_of(connection: Connection, incident_id: str) -> list[Event]:
    """The entries of an incident's timeline, in the order of their acts."""
    table = incident_events.c
    mine = select(incident_events).where(table.incident_id == incident_id)
    rows = connection.execute(mine.order_by(table.audit_seq, table.event_id)).mappings()
    names = ("at", "person", "object", "line")
    return [
        Event(kind=EventKind(row["kind"]), **{name: row[name] for name in names}) for row in rows
    ]


def contacts(events: Iterable[Event]) -> dict[str, Event]:
    """The last entry about each account that somebody has to speak to."""
    return {
        event.object: event for event in events if event.kind is EventKind.CONTACT and event.object
    }


def still_to_contact(events: Iterable[Event]) -> list[str]:
    """Accounts that nobody has spoken to yet, in order."""
    last = contacts(events)
    return sorted(one for one in last if last[one].line.split(" ")[0] == Contact.TO_CONTACT)


def of_thread(connection: Connection, thread_id: str) -> list[Incident]:
    """The incidents that were declared in a thread, the oldest first."""
    table = incident_events.c
    about = select(table.incident_id).where(
        table.kind == EventKind.OPENED, table.object == f"{THREAD}{thread_id}"
    )
    rows = select(incidents).where(incidents.c.incident_id.in_(about))
    found = connection.execute(rows.order_by(incidents.c.opened_at)).mappings()
    return [_read(row) for row in found]


def write_incident(
    connection: Connection, before: Incident | None, after: Incident, act: Act, verb: str
) -> None:
    """Write an incident as it has become; `before` is None for a new one."""
    row = _row(after)
    append(
        writer(connection),
        act=act,
        verb=verb,
        object_id=f"incident:{after.incident_id}",
        before=digest_record(_row(before)) if before else None,
        after=digest_record(row),
    )
    if before is None:
        connection.execute(insert(incidents), row)
        return
    same = incidents.c.incident_id == after.incident_id
    connection.execute(update(incidents).where(same).values(**row))


def write_event(connection: Connection, incident_id: str, event: Event, act: Act) -> None:
    """Add an entry to the timeline, with its audit row, which has its digest and not its line."""
    table = incident_events.c
    mine = select(func.count()).where(table.incident_id == incident_id)
    number = connection.execute(mine).scalar_one()
    row = {**asdict(event), "kind": event.kind.value, "incident_id": incident_id}
    event_id = f"event_{digest_parts(incident_id, str(number))[:24]}"
    seq = append(
        writer(connection),
        act=act,
        verb=event.kind.value,
        object_id=f"incident_event:{event_id}",
        after=digest_record(row),
    )
    connection.execute(insert(incident_events), {**row, "event_id": event_id, "audit_seq": seq})


def plain(name: str, text: str) -> str:
    """The text, if it is one line without an address. LedgerError or CaseError otherwise."""
    if "@" in check_line(name, text):
        raise CaseError(
            f"The {name} has an @, as addresses do; wanted none, as it is kept for ever. Name "
            "people by their handle and accounts by their pseudonym."
        )
    return text


def _read(row: Mapping[Any, Any]) -> Incident:
    typed = {"severity": Severity(row["severity"]), "state": IncidentState(row["state"])}
    return Incident(**{**row, **typed})


def _row(incident: Incident) -> dict[str, Any]:
    return {
        **asdict(incident),
        "severity": int(incident.severity),
        "state": incident.state.value,
    }
