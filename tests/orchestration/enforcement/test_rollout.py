"""Whom a monitor in auto acts on while it is rolled out."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.ledger.database import reading
from orchestration.ledger.rollouts import rollouts_of
from orchestration.measurement.rollout import of
from tests.support.enforcement import LIVE, MONITOR, Room, eager

OUT = ("blocked", "not_rolled_out")
ACCOUNTS = [f"account-{number}" for number in range(60)]


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    """A room whose monitor is measured well enough, and rolled out to half."""
    found = Room(ledger, tmp_path, terms=eager(LIVE))
    found.measure(14)
    found.roll_out(50)
    return found


def inside(room: Room) -> set[str]:
    """The accounts that the roll-out holds now."""
    with reading(room.engine) as connection:
        rolled = of(rollouts_of(connection, [(MONITOR, 1)])[MONITOR, 1])
    return {account for account in ACCOUNTS if rolled.holds(room.name(account))}


def found(room: Room) -> None:
    for account in ACCOUNTS:
        room.alert(f"a-{account}", account)


def planned(room: Room) -> dict[str, tuple[str, str | None]]:
    """State and code by account."""
    names = {room.name(account): account for account in ACCOUNTS}
    return {
        names[row.target]: (row.state.value, row.code)
        for row in room.rows().values()
        if row.target in names
    }


def test_it_acts_on_those_inside_and_leaves_the_others_to_people(room: Room) -> None:
    found(room)
    (batch,) = room.plan_auto()
    into = inside(room)
    assert 8 < len(into) < 52
    assert planned(room) == {
        account: ("approved", None) if account in into else OUT for account in ACCOUNTS
    }
    preview = room.batch(batch)["preview"]
    assert preview["codes"] == {"not_rolled_out": 60 - len(into)}


def test_who_was_left_to_people_stays_theirs_when_the_share_grows(room: Room) -> None:
    found(room)
    room.plan_auto()
    into = inside(room)
    room.roll_out(100)
    assert room.plan_auto() == []
    assert {account for account, one in planned(room).items() if one == OUT} == (
        set(ACCOUNTS) - into
    )


def test_a_smaller_share_blocks_what_is_pending_of_those_outside(room: Room) -> None:
    found(room)
    room.plan_auto()
    before = inside(room)
    room.roll_out(1)
    room.plan_auto()
    into = inside(room)
    assert into < before
    assert {account for account, one in planned(room).items() if one != OUT} == into
    room.roll_out(0)
    room.plan_auto()
    assert set(planned(room).values()) == {OUT}


def test_a_version_that_was_never_rolled_out_acts_on_nobody(ledger: Engine, tmp_path: Path) -> None:
    room = Room(ledger, tmp_path, terms=eager(LIVE))
    room.measure(14, share=None)
    room.alert("a-amy", "amy")
    room.plan_auto()
    assert room.states() == {"a-amy restrict_messaging": OUT}


def test_what_people_decide_is_done_whatever_the_share_is(room: Room) -> None:
    room.roll_out(0)
    room.decide("d1", "amy", action="restrict_messaging")
    room.plan()
    assert room.of("amy").state == "approved"


def test_precision_is_asked_before_the_roll_out(room: Room) -> None:
    room.roll_out(0)
    room.unfit = "check:canary"
    room.alert("a-amy", "amy")
    room.plan_auto()
    assert room.states() == {"a-amy restrict_messaging": ("blocked", "stale_precision")}
