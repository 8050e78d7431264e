from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.retractions import retract
from orchestration.ledger.database import reading
from orchestration.ledger.verify import verify
from tests.support.enforcement import ANA, DRY, LIVE, Room, prompt


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=prompt(LIVE))


def test_pending_is_blocked_and_applied_is_flagged_once(room: Room) -> None:
    room.decide("d1", "amy", "bob", "cat")
    room.decide("d2", "dan", action="suspend_account")
    room.plan()
    room.apply("bob")
    for name in ("amy", "bob", "dan"):
        room.retracted(f"a-{name}")
    assert retract(room.engine, now=room.now) == (2, 1)
    assert room.states() == {
        "a-amy suspend_24h": ("blocked", "retracted"),
        "a-bob suspend_24h": ("applied", None),
        "a-cat suspend_24h": ("approved", None),
        "a-dan suspend_account": ("blocked", "retracted"),
    }
    assert (room.of("bob").flag, room.of("bob").standing) == ("retracted", True)
    assert not room.of("amy").standing
    assert retract(room.engine, now=room.now) == (0, 0)
    with reading(room.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_what_is_to_be_undone_needs_no_flag(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    room.apply("amy")
    room.retracted("a-amy")
    room.move("amy", "applied", reversal_id="r1")
    assert retract(room.engine, now=room.now) == (0, 0)
    assert room.of("amy").flag is None


def test_a_dry_run_is_left_as_it_was(room: Room) -> None:
    room.terms = prompt(DRY)
    room.decide("d1", "amy")
    room.plan()
    room.retracted("a-amy")
    assert retract(room.engine, now=room.now) == (0, 0)


def test_what_somebody_approved_is_blocked_too(room: Room) -> None:
    room.decide("d1", "amy", action="suspend_account")
    room.plan()
    room.approve(ANA, room.of("amy").enforcement_id)
    room.retracted("a-amy")
    assert retract(room.engine, now=room.now) == (1, 0)
