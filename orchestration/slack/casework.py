"""From a thread to the work on it: the cases of its alerts, and the incident that it is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from orchestration.acts.doing import ACT, LANE
from orchestration.acts.errors import ActError
from orchestration.acts.threads import alerts_of, object_id, thread_of
from orchestration.alerts.records import Watched
from orchestration.cases.clocks import next_due
from orchestration.cases.grouping import Links
from orchestration.cases.holding import may_work
from orchestration.cases.incident_record import Incident
from orchestration.cases.incidents import open_incident
from orchestration.cases.opening import open_cases
from orchestration.cases.terms import Terms
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.case_states import OPEN
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.machines import of_ids
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.tables import case_alerts, outbox
from orchestration.oncall.people import Person, require
from orchestration.slack.text import title
from orchestration.slack.views import CaseView, GroupView, Verb

NO_CASE = (
    "There is no case of it: its monitors are in shadow, or nothing of it fires. Open one by hand: "
    "watchfloor cases open"
)


@dataclass(frozen=True, slots=True)
class Declared:
    """An incident, with how many cases it has of the thread; `again`: it was declared before."""

    incident: Incident
    cases: int
    again: bool


def cases_of(connection: Connection, alert_ids: Iterable[str]) -> list[Case]:
    """The cases that have these alerts now: open ones first, of these the gravest."""
    mine = select(case_alerts.c.case_id).where(
        case_alerts.c.alert_id.in_(sorted(alert_ids)), case_alerts.c.current
    )
    found = of_ids(connection, CASES, connection.scalars(mine).all())
    return sorted(
        found.values(), key=lambda case: (case.state not in OPEN, case.severity, case.case_id)
    )


def open_case(
    engine: Engine,
    who: Person,
    thread_id: str,
    *,
    terms: Terms,
    watched: Mapping[str, Watched],
    links: Callable[[], Links],
    now: datetime,
) -> CaseView:
    """The first case of a thread's alerts, as the person may see it; opened if there is none.

    Opening takes in whatever else waits for a case, as the sensor would in half a minute, and by
    the same `links`, which are asked for only then. Raises PeopleError, and ActError where no case
    can be opened from alerts.
    """
    require(who, "open_case")
    found = _cases(engine, thread_id)
    is_new = not found
    if is_new:
        open_cases(engine, terms, watched=watched, now=now, links=links())
        found = _cases(engine, thread_id)
    if not found:
        raise ActError(NO_CASE)
    first = found[0]
    hidden = first.restricted and not may_work(who, terms.desks, first)
    return CaseView(
        case_id=first.case_id,
        queue=None if hidden else first.queue,
        state=None if hidden else first.state.value,
        due_at=None if hidden or first.state not in OPEN else next_due(first),
        others=len(found) - 1,
        is_new=is_new,
    )


def declare(engine: Engine, who: Person, view: GroupView, *, now: datetime) -> Declared:
    """Make a thread an incident with all its open cases, and have the thread told; once.

    Raises PeopleError, and CaseError for a case that is part of another incident.
    """
    found = [case for case in _cases(engine, view.thread) if case.state in OPEN]
    incident = open_incident(
        engine,
        who=who,
        title=title(view),
        severity=view.severity,
        now=now,
        case_ids=[case.case_id for case in found],
        thread_id=view.thread,
    )
    act = Act(Actor(who.id, "person"), now, "declared an incident")
    with writing(engine) as connection:
        new = _tell(connection, view, incident, len(found), act)
    return Declared(incident, len(found), again=not new)


def _cases(engine: Engine, thread_id: str) -> list[Case]:
    with reading(engine) as connection:
        alerts = alerts_of(connection, thread_of(connection, thread_id))
        return cases_of(connection, [alert.alert_id for alert in alerts])


def _tell(connection: Connection, view: GroupView, incident: Incident, n: int, act: Act) -> bool:
    """Queue the reply that names who declared what; whether it was not queued before."""
    outbox_id = digest_parts(ACT, view.thread, incident.incident_id)
    known = select(outbox.c.outbox_id).where(outbox.c.outbox_id == outbox_id)
    if connection.scalars(known).one_or_none() is not None:
        return False
    seq = append(
        connection,
        act=act,
        verb=Verb.INCIDENT.value,
        object_id=object_id(view.thread),
        after=view.state_hash,
    )
    payload: dict[str, str | int | Sequence[str]] = {
        "thread": view.thread,
        "verb": Verb.INCIDENT.value,
        "by": act.actor.id,
        "n": n,
        "about": incident.incident_id,
        "state_hash": view.state_hash,
    }
    intent = Intent(outbox_id, ACT, view.receiver, payload, act.at, LANE)
    enqueue(connection, intents=[intent], audit_seq=seq, now=act.at)
    return True
