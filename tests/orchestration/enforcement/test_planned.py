"""From the decision to the service and back: planned by the planner, executed, undone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import EnforcementState
from tests.support.enforcement import ANA, BEN, Room, prompt
from tests.support.executing import LIVE, Floor, floor, terms_of
from tests.support.ledgers import act, changed


@pytest.fixture
def floor_of(ledger: Engine, tmp_path: Path) -> Iterator[tuple[Room, Floor]]:
    """A planner and a service on one ledger, for the same people."""
    with floor(ledger, tmp_path / "service") as found:
        found.terms = prompt(LIVE)
        room = Room(ledger, found.names.home, terms=found.terms, now=found.clock())
        found.clock.forward(hours=24)
        room.now = found.clock()
        yield room, found


def there(floor: Floor, *accounts: str) -> None:
    for account in accounts:
        floor.client.put(account, "account_id", access="active", notice=None, messaging="open")


def test_what_was_decided_is_planned_executed_and_undone(floor_of: tuple[Room, Floor]) -> None:
    room, floor = floor_of
    there(floor, "amy", "bob")
    room.decide("d1", "amy", "bob")
    room.plan()
    assert floor.run().applied == 2
    assert floor.value("amy") == "suspended"
    for account in ("amy", "bob"):
        floor.reverse(room.of(account).enforcement_id)
    assert floor.undo().restored == 2
    assert floor.value("amy") == "active"
    assert floor.states() == {"reversed": 2}
    assert room.plan() == []
    assert room.unblock() == []


def test_a_notice_says_how_many_events_the_alert_counts(floor_of: tuple[Room, Floor]) -> None:
    room, floor = floor_of
    there(floor, "amy")
    room.decide("d1", "amy")
    with writing(floor.engine) as connection:
        changed(connection, act(2), "a-amy", count=7, retracted=2)
    room.plan()
    floor.run()
    fields = floor.table("notices")[0]["fields"]
    assert (fields["count"], fields["detected"]) == (5, True)
    assert (fields["first"], fields["last"]) == (
        "2026-03-02T11:00:00+00:00",
        "2026-03-02T12:00:00+00:00",
    )
    assert "5 events between 2026-03-02 11:00 UTC" in fields["statement"]["decision_facts"]


def test_what_was_retracted_since_is_not_done(floor_of: tuple[Room, Floor]) -> None:
    room, floor = floor_of
    there(floor, "amy", "bob")
    room.decide("d1", "amy", "bob")
    room.plan()
    with writing(floor.engine) as connection:
        changed(connection, act(2), "a-amy", count=1, retracted=1)
    ran = floor.run()
    assert (ran.applied, ran.blocked) == (1, 1)
    assert (room.of("amy").state, room.of("amy").code) == ("blocked", "retracted")


def test_what_two_people_resumed_is_executed_whole(floor_of: tuple[Room, Floor]) -> None:
    room, floor = floor_of
    there(floor, "amy", "bob", "cal")
    room.decide("d1", "amy", "bob", "cal")
    (batch_id,) = room.plan()
    floor.terms = replace(
        floor.terms,
        enforcement=replace(floor.terms.enforcement, caps=terms_of(per_run=2).enforcement.caps),
    )
    assert floor.run().breached == (batch_id,)
    floor.terms = room.terms
    room.resume(ANA, batch_id)
    room.resume(BEN, batch_id)
    assert floor.run().applied == 3


def test_who_is_freed_by_a_reversal_gets_what_another_decided(
    floor_of: tuple[Room, Floor],
) -> None:
    room, floor = floor_of
    there(floor, "amy")
    room.decide("d1", "amy")
    room.plan()
    room.decide("d2", "amy/2")
    room.plan()
    floor.run()
    (stands,) = [row for row in room.rows().values() if row.standing]
    floor.reverse(stands.enforcement_id)
    floor.undo()
    room.unblock()
    assert floor.run().applied == 1
    assert floor.value("amy") == "suspended"
    assert floor.states() == {
        EnforcementState.REVERSED: 1,
        EnforcementState.APPLIED: 1,
    }
    assert len({row.idempotency_key for row in room.rows().values()}) == 2


def test_nothing_is_sent_for_an_alert_that_people_have_decided_anew(
    floor_of: tuple[Room, Floor],
) -> None:
    room, floor = floor_of
    there(floor, "amy", "bob")
    room.decide("d1", "amy", "bob")
    room.plan()
    room.decide("d2", "amy", outcome="benign", action=None)
    assert floor.run().applied == 1
    assert floor.value("amy") == "active"
    assert room.states()["a-amy suspend_24h"] == ("blocked", "decided")


def test_nothing_is_sent_of_a_decision_that_another_supersedes(
    floor_of: tuple[Room, Floor],
) -> None:
    room, floor = floor_of
    there(floor, "amy")
    room.decide("d1", "amy")
    room.plan()
    room.decide("d2", "bob", supersedes="d1")
    assert floor.run().applied == 0
    assert floor.value("amy") == "active"
