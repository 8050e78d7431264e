"""Incidents: who does what while something goes wrong at large."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from monitors.contract import Severity
from orchestration.cases.errors import CaseError
from orchestration.cases.incident_record import (
    THREAD,
    Contact,
    Event,
    EventKind,
    Incident,
    IncidentState,
    incident_of,
    of_thread,
    plain,
    still_to_contact,
    timeline_of,
    write_event,
    write_incident,
)
from orchestration.cases.making import SHOWN
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.cases import CASES
from orchestration.ledger.database import writing
from orchestration.ledger.ids import check_id, digest_parts
from orchestration.ledger.machines import of_ids, write
from orchestration.oncall.people import Person, Roster, require
from orchestration.oncall.scalars import unknown

ROLES = ("commander", "comms", "ops")
NONE: tuple[str, ...] = ()
S = IncidentState


@dataclass(frozen=True, slots=True)
class _Work:
    """An act on an incident under way: the transaction, and the incident as it found it."""

    connection: Connection
    incident: Incident
    act: Act

    def tell(self, kind: EventKind, line: str, about: str | None = None) -> None:
        """Add an entry to the timeline."""
        event = Event(self.act.at, self.act.actor.id, kind, about, line)
        write_event(self.connection, self.incident.incident_id, event, self.act)

    def become(self, after: Incident, verb: str) -> Incident:
        """Write the incident as it is after the act."""
        write_incident(self.connection, self.incident, after, self.act, verb)
        return after


def open_incident(
    engine: Engine,
    *,
    who: Person,
    title: str,
    severity: Severity,
    now: datetime,
    case_ids: Iterable[str] = NONE,
    thread_id: str | None = None,
) -> Incident:
    """Open an incident; who opens it is its commander until somebody else is.

    A thread has at most one that is not over: that one is given again as it is, with those of the
    cases linked that it lacked. Raises PeopleError, and CaseError for cases that cannot be linked.
    """
    require(who, "incident")
    plain("title", title)
    with writing(engine) as connection:
        act = Act(Actor(who.id, "person"), now, "opens an incident")
        declared = of_thread(connection, thread_id) if thread_id else []
        going_on = [one for one in declared if one.state is not S.CLOSED]
        parts = (thread_id, str(len(declared))) if thread_id else (title, who.id, now.isoformat())
        made = Incident(
            incident_id=f"incident_{digest_parts('incident', *parts)[:SHOWN]}",
            title=title,
            severity=severity,
            state=S.OPEN,
            roles={"commander": who.id},
            opened_at=now,
        )
        work = _Work(connection, going_on[0] if going_on else made, act)
        if not going_on:
            write_incident(connection, None, made, act, "open")
            work.tell(EventKind.OPENED, title, f"{THREAD}{thread_id}" if thread_id else None)
        _link(work, case_ids)
        return work.incident


def set_role(
    engine: Engine,
    incident_id: str,
    *,
    who: Person,
    role: str,
    person: str,
    roster: Roster,
    now: datetime,
) -> Incident:
    """Give a role (commander, comms or ops) to somebody. CaseError for another, PeopleError."""
    if role not in ROLES:
        raise CaseError(unknown(role, ROLES, "role"))
    roster.person(person)
    with _work(engine, incident_id, who, now) as work:
        before = work.incident
        if before.roles.get(role) == person:
            return before
        after = work.become(replace(before, roles={**before.roles, role: person}), "role")
        work.tell(EventKind.ROLE, f"{role} is {person}", role)
        return after


def note(engine: Engine, incident_id: str, *, who: Person, line: str, now: datetime) -> None:
    """Add a line to the timeline, even of an incident that is over. LedgerError for no line."""
    plain("line", line)
    with _work(engine, incident_id, who, now, over=True) as work:
        work.tell(EventKind.NOTE, line)


def link_cases(
    engine: Engine, incident_id: str, *, who: Person, case_ids: Iterable[str], now: datetime
) -> int:
    """Say that cases are part of an incident; how many were new to it.

    Raises CaseError, and links none, for one that is not there or is part of another incident.
    """
    with _work(engine, incident_id, who, now) as work:
        return _link(work, case_ids)


def contact(
    engine: Engine,
    incident_id: str,
    *,
    who: Person,
    account: str,
    person: str,
    status: Contact,
    roster: Roster,
    now: datetime,
) -> None:
    """Record how far it is with a high-visibility account that somebody has to speak to.

    `account` is a pseudonym, `person` who speaks to them. What is said belongs to support.
    """
    check_id("account", account)
    roster.person(person)
    with _work(engine, incident_id, who, now) as work:
        work.tell(EventKind.CONTACT, f"{status.value} by {person}", account)


def mitigate(
    engine: Engine, incident_id: str, *, who: Person, line: str, now: datetime
) -> Incident:
    """Say that it does no more harm, and by what. CaseError unless it is open."""
    plain("line", line)
    with _work(engine, incident_id, who, now) as work:
        _require(work.incident, S.OPEN, "It was said before what ended the harm")
        after = replace(work.incident, state=S.MITIGATED, mitigated_at=now)
        work.tell(EventKind.MITIGATED, line)
        return work.become(after, "mitigate")


def close_incident(
    engine: Engine, incident_id: str, *, who: Person, line: str, now: datetime
) -> Incident:
    """Say that it is over. CaseError while it does harm, or an account is still to be contacted."""
    plain("line", line)
    with _work(engine, incident_id, who, now) as work:
        _require(work.incident, S.MITIGATED, "Say first what ended the harm")
        left = still_to_contact(timeline_of(work.connection, incident_id))
        if left:
            raise CaseError(
                f"{len(left)} accounts are still to be contacted; wanted none. Record of each that "
                "it was, or has answered."
            )
        after = replace(work.incident, state=S.CLOSED, closed_at=now)
        work.tell(EventKind.CLOSED, line)
        return work.become(after, "close")


@contextmanager
def _work(
    engine: Engine, incident_id: str, who: Person, now: datetime, *, over: bool = False
) -> Iterator[_Work]:
    """A transaction for an act of somebody who may, on an incident that goes on (or is over)."""
    require(who, "incident")
    with writing(engine) as connection:
        found = incident_of(connection, incident_id)
        if found.state is S.CLOSED and not over:
            raise CaseError(
                f"The incident was closed at {found.closed_at}; wanted one that goes on. Add a "
                "note to it, or open another."
            )
        yield _Work(connection, found, Act(Actor(who.id, "person"), now, "works on an incident"))


def _require(incident: Incident, state: IncidentState, remedy: str) -> None:
    if incident.state is not state:
        raise CaseError(f"The incident is {incident.state}; wanted {state}. {remedy}.")


def _link(work: _Work, case_ids: Iterable[str]) -> int:
    wanted, mine = sorted(set(case_ids)), work.incident.incident_id
    before = of_ids(work.connection, CASES, wanted)
    if len(before) < len(wanted):
        raise CaseError(
            f"{len(wanted) - len(before)} of {len(wanted)} cases are not there; copy their ids "
            "from where they are listed."
        )
    taken = [one for one in before.values() if one.incident_id not in {None, mine}]
    if taken:
        raise CaseError(
            f"{len(taken)} cases are part of another incident, as {taken[0].case_id} of "
            f"{taken[0].incident_id}; leave them out, or note the other incident here."
        )
    new = [case for case in before.values() if case.incident_id is None]
    after = [replace(case, incident_id=mine) for case in new]
    write(work.connection, CASES, before=before, after=after, act=work.act, verb="link")
    for case in new:
        work.tell(EventKind.LINKED_CASE, f"{case.severity.name}, {case.state}", case.case_id)
    return len(new)
