from dataclasses import replace

import pytest
from sqlalchemy import select

from monitors.contract import Mode, Severity
from orchestration.alerts.records import Watched
from orchestration.cases.incident_record import all_incidents
from orchestration.cases.incidents import open_incident
from orchestration.cases.linking import links_of
from orchestration.cases.terms import Terms
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading
from orchestration.ledger.machines import where
from orchestration.ledger.tables import outbox
from tests.orchestration.alerts.builders import SPAM
from tests.support.cases import DESKS, TERMS, Office
from tests.support.houses import House
from tests.support.slack_rooms import Room, text_of

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"
RINGS = "accounts/signup_ring"
ANN, BOB, EVE = "U0ANN0001", "U0BOB0002", "U0EVE0009"


@pytest.fixture
def told(room: Room) -> Room:
    """A room that was told of two alerts, of a monitor in review."""
    room.watched[SPAM] = Watched(Mode.REVIEW, "team")
    room.fires(A, B)
    room.drain()
    return room


def cases(room: Room) -> list[Case]:
    with reading(room.engine) as connection:
        return list(where(connection, CASES).values())


def incidents(room: Room) -> list[str]:
    with reading(room.engine) as connection:
        return [one.incident_id for one in all_incidents(connection)]


def acts(room: Room) -> int:
    """Replies that were queued of what people did."""
    with reading(room.engine) as connection:
        kinds = connection.scalars(select(outbox.c.kind)).all()
    return sum(kind == "act" for kind in kinds)


def restricted(terms: Terms) -> Terms:
    """Every case goes to a queue whose skills nobody here has."""
    return replace(terms, desks=replace(DESKS, rules=(), default="children"))


def test_open_case_opens_the_case_and_says_where_it_is(told: Room) -> None:
    told.interactions().handle(told.press("case"))

    found = cases(told)
    assert len(found) == 2  # two accounts that share nothing
    (answer,) = told.answers()
    first = min(found, key=lambda case: (case.severity, case.case_id))
    assert answer.startswith(f"{ANN}: Opened `{first.case_id}`. Queue `general`, triaged, due ")
    assert f"1 more case of this thread. See it: `watchfloor cases show {first.case_id}`" in answer


def test_open_case_a_second_time_shows_what_is_there(told: Room) -> None:
    told.interactions().handle(told.press("case"))
    before = told.everything()
    told.interactions().handle(told.press("case", BOB, number=2))

    assert told.answers()[1].startswith(f"{BOB}: Case `case_")
    assert told.everything() == before


def test_members_of_a_ring_are_in_its_case_whichever_way_it_is_opened(room: Room) -> None:
    here = House(Office(room.engine), room.scene(room.now).lake, room.interactions().names)
    for desk in (room, here.office.desk):
        desk.watched[RINGS] = Watched(Mode.REVIEW, "team")
    here.found(9, "device-77", monitor=RINGS, evidence={"members": ["ann-4711", "bob-0815"]})
    here.found(10, "ann-4711", "eve-2222")
    room.drain()

    room.interactions().handle(room.press("case"))

    ring = here.office.case_of(here.name("device-77"), RINGS)
    assert here.office.case_of(here.name("ann-4711")) == ring
    assert {case.case_id for case in cases(room)} > {ring.case_id}
    assert here.office.case_of(here.name("eve-2222")) != ring
    here.found(11, "bob-0815")
    here.office.links = links_of(room.engine, here.lake, here.names, watched=room.watched)
    assert here.office.open(12.2) == (0, 1, 0)  # as the sensor does
    assert here.office.case_of(here.name("bob-0815")).case_id == ring.case_id


def test_the_case_of_a_monitor_in_shadow_is_refused_in_words(room: Room) -> None:
    room.fires(A)
    room.drain()
    room.watched[SPAM] = Watched(Mode.SHADOW, "team")

    room.interactions().handle(room.press("case"))

    assert cases(room) == []
    assert room.answers()[0].startswith(f"{ANN}: Nothing was done. There is no case of it: ")


def test_of_a_restricted_case_only_its_id_is_said(told: Room) -> None:
    told.office = restricted(TERMS)
    told.interactions().handle(told.press("case"))

    (answer,) = told.answers()
    assert "It is restricted: people with the skills of its queue see more." in answer
    assert "children" not in answer
    assert "triaged" not in answer


@pytest.mark.parametrize("action", ["case", "incident"])
def test_a_viewer_opens_neither_case_nor_incident(told: Room, action: str) -> None:
    told.interactions().handle(told.press(action, EVE))

    assert (cases(told), incidents(told)) == ([], [])
    assert "eve-9 has the roles viewer" in told.answers()[0]


def test_an_incident_is_declared_once_and_the_thread_hears_who_and_which(told: Room) -> None:
    told.interactions().handle(told.press("case"))
    told.interactions().handle(told.press("incident", number=2))
    told.interactions().handle(told.press("incident", BOB, number=3))
    told.drain()

    (incident,) = incidents(told)
    assert {case.incident_id for case in cases(told)} == {incident}
    first, again = told.answers()[1:]
    assert first.startswith(f"{ANN}: Done: you declared incident `{incident}`, and command it.")
    assert again.startswith(f"{BOB}: This thread is part of incident `{incident}` already")
    assert acts(told) == 1
    assert f"ann-1 declared an incident, `{incident}`, with 2 cases." in text_of(told.replies()[-1])


def test_a_crash_before_the_thread_was_told_is_made_good_by_the_next_click(told: Room) -> None:
    incident = open_incident(
        told.engine,
        who=told.rules.roster.by_id["ann-1"],
        title="Spam",
        severity=Severity.S2,
        now=told.now,
        thread_id=told.thread().thread_id,
    )

    told.interactions().handle(told.press("incident"))
    told.drain()

    assert incidents(told) == [incident.incident_id]
    assert incident.incident_id in text_of(told.replies()[-1])


def test_the_parent_names_the_cases_of_its_alerts(told: Room) -> None:
    told.interactions().handle(told.press("case"))
    told.interactions().handle(told.press("assign", number=2))
    told.drain()

    shown = text_of(told.parents()[0])
    assert all(f"`{case.case_id}`" in shown for case in cases(told))
