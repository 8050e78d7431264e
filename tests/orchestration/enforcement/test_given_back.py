"""Who gives something back has the later word than a decision that was made before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.enforcement import Room, prompt
from tests.support.executing import LIVE, Floor, floor


@pytest.fixture
def floor_of(ledger: Engine, tmp_path: Path) -> Iterator[tuple[Room, Floor]]:
    """Two accounts that one decision has suspended."""
    with floor(ledger, tmp_path / "service") as found:
        found.terms = prompt(LIVE)
        room = Room(ledger, found.names.home, terms=found.terms, now=found.clock())
        found.clock.forward(hours=24)
        room.now = found.clock()
        for account in ("amy", "bob"):
            found.client.put(account, "account_id", access="active", notice=None, messaging="open")
        room.decide("d1", "amy", "bob")
        room.plan()
        assert found.run().applied == 2
        yield room, found


def of(room: Room, decision: str, account: str) -> tuple[str, str | None]:
    """What became of a decision about an account."""
    (row,) = [
        row
        for row in room.rows().values()
        if (row.decision_id, row.target) == (decision, room.name(account))
    ]
    return row.state.value, row.code


def first(room: Room, account: str) -> str:
    (name,) = [
        name
        for name, row in room.rows().items()
        if (row.decision_id, row.target) == ("d1", room.name(account))
    ]
    return name


def goes_on(room: Room, floor: Floor) -> None:
    """All that works by itself, twice."""
    for _ in range(2):
        floor.undo()
        room.plan()
        room.unblock()
        floor.run()


def test_what_is_given_back_before_a_decision_is_planned_is_not_done_again(
    floor_of: tuple[Room, Floor],
) -> None:
    room, floor = floor_of
    room.decide("d2", "amy", "bob", supersedes="d1")
    floor.reverse(first(room, "amy"))
    goes_on(room, floor)
    assert (floor.value("amy"), floor.value("bob")) == ("active", "suspended")
    assert of(room, "d2", "amy") == ("blocked", "reversed")
    assert of(room, "d2", "bob") == ("blocked", "already")


def test_nor_after_it_was_planned(floor_of: tuple[Room, Floor]) -> None:
    room, floor = floor_of
    room.decide("d2", "amy", "bob", supersedes="d1")
    room.plan()
    floor.reverse(first(room, "amy"))
    goes_on(room, floor)
    assert (floor.value("amy"), floor.value("bob")) == ("active", "suspended")


def test_whoever_decides_after_that_is_followed(floor_of: tuple[Room, Floor]) -> None:
    room, floor = floor_of
    floor.reverse(first(room, "amy"))
    floor.undo()
    assert floor.value("amy") == "active"
    room.decide("d2", "amy", supersedes="d1")
    goes_on(room, floor)
    assert floor.value("amy") == "suspended"


def test_another_alert_of_the_same_account_is_another_matter(
    floor_of: tuple[Room, Floor],
) -> None:
    room, floor = floor_of
    room.decide("d2", "amy/2")
    floor.reverse(first(room, "amy"))
    goes_on(room, floor)
    assert floor.value("amy") == "suspended"
    assert of(room, "d2", "amy") == ("applied", None)
