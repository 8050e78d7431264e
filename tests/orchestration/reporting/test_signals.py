from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.alerts.records import AlertState
from orchestration.ledger.database import reading, writing
from orchestration.reporting.signals import alerts_frame
from orchestration.reporting.window import Window
from tests.orchestration.alerts.builders import SPAM, THEFT, at
from tests.orchestration.reporting.frames import gathered, one
from tests.support.cases import BENIGN, CARA, TERMS, VIOLATING, Office
from tests.support.enforcement import LIVE, Room, eager
from tests.support.ledgers import act, alert, changed, opened

A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=eager(LIVE))


def verdict(room: Room) -> str | None:
    with reading(room.engine) as connection:
        found: str | None = alerts_frame(connection, ["a-amy"], ())["verdict"].item()
    return found


def test_what_a_monitor_did_by_itself_counts_once_it_was_done_and_until_undone(
    room: Room,
) -> None:
    room.measure(14)
    room.alert("a-amy", "amy")
    room.plan_auto()
    assert verdict(room) is None  # approved is not done

    room.apply("amy")
    assert verdict(room) == "acted"

    room.reverse("amy")
    assert verdict(room) is None


def test_the_last_decision_says_what_an_alert_was(office: Office) -> None:
    office.found(0, A, severity=Severity.S1)
    office.open(2)
    office.decided(office.case(), 3, VIOLATING)
    assert gathered(office.engine, TERMS.desks).alerts["verdict"].to_list() == ["violating"]


def test_an_alert_that_ended_by_itself_was_answered_by_nobody(ledger: Engine) -> None:
    with writing(ledger) as connection:
        opened(connection, alert("a1"))
        changed(connection, act(1), "a1", state=AlertState.FIRING)
        changed(connection, act(30), "a1", state=AlertState.RESOLVED)
    with reading(ledger) as connection:
        (row,) = alerts_frame(connection, ["a1"], ()).to_dicts()
    assert (row["state"], row["answered_at"]) == ("resolved", None)
    assert row["over_at"] == act(30).at


def test_pages_of_restricted_cases_are_told_apart(office: Office) -> None:
    office.found(0, A, harm="child_safety", severity=Severity.S1)
    office.found(0, B, monitor=THEFT, severity=Severity.S1)
    office.open(2)
    office.decided(office.case_of(A), 2.5, BENIGN, who=CARA, policy="child_safety")

    shut = gathered(office.engine, TERMS.desks)
    seen = gathered(office.engine, TERMS.desks, who=CARA)

    assert set(shut.pages["monitor"]) == set(shut.alerts["monitor"]) == {"(restricted)", THEFT}
    assert set(seen.pages["monitor"]) == {SPAM, THEFT}


def test_findings_are_counted_when_they_were_taken_in(office: Office) -> None:
    office.found(0, A)
    office.found(1, A)
    office.found(30, A)
    found = gathered(office.engine, TERMS.desks, Window(at(0), at(24))).findings
    row = one(found, monitor=SPAM)
    assert (row["new"], row["duplicate"]) == (1, 1)
