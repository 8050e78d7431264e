from dataclasses import replace

import pytest
from sqlalchemy import insert

from monitors.contract import Severity
from orchestration.cases.errors import CaseError
from orchestration.cases.incident_record import (
    Contact,
    EventKind,
    Incident,
    IncidentState,
    all_incidents,
    incident_of,
    timeline_of,
)
from orchestration.cases.incidents import (
    close_incident,
    contact,
    link_cases,
    mitigate,
    note,
    open_incident,
    set_role,
)
from orchestration.cases.postmortem import record_of, skeleton
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.tables import protections
from orchestration.oncall.errors import PeopleError
from tests.orchestration.alerts.builders import at
from tests.support.cases import ANA, ENGINEER, LEAD, Office

ACCOUNT = "account_7f3a09c2e1d4"


def declare(office: Office, hour: float = 2, thread: str | None = None, *cases: str) -> Incident:
    return open_incident(
        office.engine,
        who=ENGINEER,
        title="A spam wave",
        severity=Severity.S1,
        now=at(hour),
        case_ids=cases,
        thread_id=thread,
    )


def told(office: Office, incident: Incident) -> list[tuple[str, str | None, str]]:
    with reading(office.engine) as connection:
        events = timeline_of(connection, incident.incident_id)
    return [(event.kind.value, event.object, event.line) for event in events]


def spoken(office: Office, incident: Incident, status: Contact, hour: float) -> None:
    contact(
        office.engine,
        incident.incident_id,
        who=ENGINEER,
        account=ACCOUNT,
        person="lea",
        status=status,
        roster=office.terms.roster,
        now=at(hour),
    )


def test_an_incident_goes_from_open_over_mitigated_to_closed(office: Office) -> None:
    made = declare(office)
    assert (made.state, made.roles) == (IncidentState.OPEN, {"commander": "eva"})
    with pytest.raises(CaseError, match="is open; wanted mitigated"):
        close_incident(office.engine, made.incident_id, who=LEAD, line="over", now=at(3))
    mitigate(office.engine, made.incident_id, who=LEAD, line="the links are blocked", now=at(3))
    with pytest.raises(CaseError, match="is mitigated; wanted open"):
        mitigate(office.engine, made.incident_id, who=LEAD, line="again", now=at(3))
    done = close_incident(office.engine, made.incident_id, who=LEAD, line="it is over", now=at(4))
    assert (done.state, done.mitigated_at, done.closed_at) == ("closed", at(3), at(4))
    with reading(office.engine) as connection:
        assert incident_of(connection, made.incident_id) == done
        assert all_incidents(connection) == [done]
        assert all_incidents(connection, closed=False) == []
    assert told(office, made) == [
        ("opened", None, "A spam wave"),
        ("mitigated", None, "the links are blocked"),
        ("closed", None, "it is over"),
    ]
    assert office.is_sound()


def test_what_is_over_takes_notes_and_nothing_else(office: Office) -> None:
    made = declare(office)
    mitigate(office.engine, made.incident_id, who=LEAD, line="blocked", now=at(3))
    close_incident(office.engine, made.incident_id, who=LEAD, line="over", now=at(4))
    note(office.engine, made.incident_id, who=LEAD, line="a cause was found", now=at(5))
    assert told(office, made)[-1] == ("note", None, "a cause was found")
    with pytest.raises(CaseError, match="was closed at"):
        spoken(office, made, Contact.CONTACTED, 5)


def test_a_thread_has_one_incident_until_it_is_over(office: Office) -> None:
    first = declare(office, 2, "T1")
    assert declare(office, 2.5, "T1") == first
    assert declare(office, 2.5, "T2").incident_id != first.incident_id
    assert told(office, first) == [("opened", "thread:T1", "A spam wave")]
    mitigate(office.engine, first.incident_id, who=LEAD, line="blocked", now=at(3))
    close_incident(office.engine, first.incident_id, who=LEAD, line="over", now=at(4))
    again = declare(office, 5, "T1")
    assert (again.state, again.incident_id == first.incident_id) == (IncidentState.OPEN, False)


def test_roles_are_given_to_people_who_are_there(office: Office) -> None:
    made = declare(office)

    def give(role: str, person: str) -> Incident:
        return set_role(
            office.engine,
            made.incident_id,
            who=LEAD,
            role=role,
            person=person,
            roster=office.terms.roster,
            now=at(2.5),
        )

    assert give("comms", "ana").roles == {"commander": "eva", "comms": "ana"}
    assert give("commander", "lea").roles == {"commander": "lea", "comms": "ana"}
    give("commander", "lea")
    with pytest.raises(PeopleError, match="no person with that id"):
        give("ops", "nobody")
    with pytest.raises(CaseError, match="did you mean 'ops'"):
        give("opsx", "ana")
    assert told(office, made)[1:] == [
        ("role", "comms", "comms is ana"),
        ("role", "commander", "commander is lea"),
    ]


def test_cases_are_linked_once_and_to_one_incident(office: Office) -> None:
    office.found(0, "a", "b")
    office.open(1.2)
    one, two = sorted(case.case_id for case in office.cases())
    made = declare(office, 2, None, one)
    link = [one, two]
    assert link_cases(office.engine, made.incident_id, who=LEAD, case_ids=link, now=at(3)) == 1
    assert {case.incident_id for case in office.cases()} == {made.incident_id}
    other = declare(office, 4)
    with pytest.raises(CaseError, match="2 cases are part of another incident"):
        link_cases(office.engine, other.incident_id, who=LEAD, case_ids=link, now=at(4))
    with pytest.raises(CaseError, match="1 of 1 cases are not there"):
        declare(office, 5, None, "case_nothing")
    kinds = [kind for kind, _, _ in told(office, made)]
    assert kinds == ["opened", "linked_case", "linked_case"]
    assert office.is_sound()


def test_a_refused_link_opens_no_incident(office: Office) -> None:
    with pytest.raises(CaseError, match="not there"):
        declare(office, 2, None, "case_nothing")
    assert office.rows("incidents") == []


def test_it_is_not_over_while_an_account_waits_to_be_spoken_to(office: Office) -> None:
    made = declare(office)
    spoken(office, made, Contact.TO_CONTACT, 2.5)
    mitigate(office.engine, made.incident_id, who=LEAD, line="blocked", now=at(3))
    with pytest.raises(CaseError, match="1 accounts are still to be contacted"):
        close_incident(office.engine, made.incident_id, who=LEAD, line="over", now=at(4))
    spoken(office, made, Contact.CONTACTED, 5)
    done = close_incident(office.engine, made.incident_id, who=LEAD, line="over", now=at(6))
    assert done.state == IncidentState.CLOSED
    assert ("contact", ACCOUNT, "contacted by lea") in told(office, made)


def test_lines_with_addresses_or_without_words_are_refused(office: Office) -> None:
    made = declare(office)
    with pytest.raises(CaseError, match="has an @"):
        note(office.engine, made.incident_id, who=LEAD, line="mail x@y.example", now=at(3))
    with pytest.raises(LedgerError, match="one printable line"):
        note(office.engine, made.incident_id, who=LEAD, line="  ", now=at(3))
    with pytest.raises(PeopleError, match="none of which may 'incident'"):
        note(office.engine, made.incident_id, who=ANA, line="hello", now=at(3))
    with pytest.raises(CaseError, match="no incident of the id given"):
        note(office.engine, "incident_x", who=LEAD, line="hello", now=at(3))


def test_the_audit_has_every_entry_and_none_of_the_words(office: Office) -> None:
    made = declare(office)
    note(office.engine, made.incident_id, who=LEAD, line="the canary sings", now=at(3))
    acts = office.desk.audit("open", "opened", "note")
    assert [act.object.partition(":")[0] for act in acts] == [
        "incident",
        "incident_event",
        "incident_event",
    ]
    assert "canary" not in str(acts)
    assert "spam wave" not in str(acts)


def test_a_post_mortem_has_the_facts_and_leaves_judgement_to_people(office: Office) -> None:
    office.found(0, "account_0a0a0a0a0a0a", ACCOUNT)
    office.open(1.2)
    made = declare(office, 2, None, *(case.case_id for case in office.cases()))
    row = {
        "entity_type": "account_id",
        "entity": ACCOUNT,
        "reason": "a customer",
        "by": "lea",
        "at": at(0),
    }
    with writing(office.engine) as connection:
        connection.execute(insert(protections), row)
    mitigate(office.engine, made.incident_id, who=LEAD, line="blocked", now=at(3.5))
    with reading(office.engine) as connection:
        page = skeleton(record_of(connection, made.incident_id))
    lines = page.splitlines()
    assert lines[0] == "# Post-mortem: A spam wave"
    assert "- 2 cases, 2 alerts, 2 findings" in lines
    assert "- Enforcement on them: none; 0 appeals" in lines
    assert "- From the first finding to the incident: 2 h 00 min" in lines
    assert "- From there to the end of the harm: 1 h 30 min" in lines
    assert "- 2026-03-02 03:30 mitigated: blocked (lea)" in lines
    assert "- chat/mass_dm v1: 2 alerts" in lines
    assert f"- {ACCOUNT} is protected, and no contact is recorded" in lines
    assert page.count("To be written by those who were there.") == 5
    spoken(office, made, Contact.TO_CONTACT, 4)
    with reading(office.engine) as connection:
        later = record_of(connection, made.incident_id)
    assert later.unspoken == []
    assert f"- {ACCOUNT} is still to be contacted" in skeleton(later)


def test_a_post_mortem_of_an_incident_without_cases_says_so(office: Office) -> None:
    made = declare(office)
    with reading(office.engine) as connection:
        record = record_of(connection, made.incident_id)
    page = skeleton(replace(record, gaps=[("missed", "chat", "spam")]))
    assert "- From the first finding to the incident: unknown" in page
    assert "## Linked cases\n\nNone." in page
    assert "- missed: spam on chat" in page
    assert EventKind.OPENED.value in page
