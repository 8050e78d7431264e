from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.protections import protect, protected, unprotect
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from tests.support.enforcement import ANA, DAY, DRY, LIVE, REVIEWER, Room, prompt


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=prompt(LIVE))


def shield(room: Room, *, tag: str = "journalist", until: datetime | None = None) -> None:
    protect(
        room.engine,
        who=ANA,
        entity_type="account_id",
        entity=room.name("amy"),
        tag=tag,
        reason="told by the newsroom",
        rules=room.terms.enforcement,
        now=room.now,
        ends_at=until,
    )


def unshield(room: Room) -> bool:
    return unprotect(
        room.engine,
        who=ANA,
        entity_type="account_id",
        entity=room.name("amy"),
        reason="it was another account",
        now=room.now,
    )


def tags(room: Room, later: timedelta = timedelta(0)) -> list[str]:
    with reading(room.engine) as connection:
        return [one.tag for one in protected(connection, room.now + later)]


def test_a_decision_about_somebody_protected_asks_two_people(room: Room) -> None:
    shield(room)
    room.decide("d1", "amy")
    room.plan()
    row = room.of("amy")
    assert (row.state, row.needs, row.flag) == ("awaiting_approval", 2, "protected")


def test_dry_run_shows_that_two_people_would_be_asked(room: Room) -> None:
    room.terms = prompt(DRY)
    shield(room)
    room.decide("d1", "amy")
    room.plan()
    assert (room.of("amy").state, room.of("amy").needs) == ("dry_run", 2)


def test_a_protection_ends_when_it_says_or_when_somebody_ends_it(room: Room) -> None:
    shield(room, until=room.now + DAY)
    assert tags(room, DAY - timedelta(microseconds=1)) == ["journalist"]
    assert tags(room, DAY) == []
    assert unshield(room)
    assert tags(room) == []
    assert not unshield(room)


def test_protecting_anew_changes_why(room: Room) -> None:
    shield(room)
    shield(room, tag="government")
    assert tags(room) == ["government"]


def test_both_acts_are_audited_without_what_people_wrote_in_the_row(room: Room) -> None:
    shield(room)
    unshield(room)
    with reading(room.engine) as connection:
        acts = [(row.actor, row.verb) for row in entries(connection)][1:]
    assert acts == [("ana", "protect"), ("ana", "unprotect")]


def test_an_unknown_tag_and_a_past_end_are_refused(room: Room) -> None:
    with pytest.raises(EnforcementError, match="wanted one of: emergency_service, enterprise"):
        shield(room, tag="friend")
    with pytest.raises(EnforcementError, match="which is past; wanted a later time"):
        shield(room, until=room.now)


def test_a_reviewer_may_not_protect(room: Room) -> None:
    with pytest.raises(PeopleError, match="none of which may 'protect'"):
        protect(
            room.engine,
            who=REVIEWER,
            entity_type="account_id",
            entity="account_1",
            tag="journalist",
            reason="a friend",
            rules=room.terms.enforcement,
            now=room.now,
        )
