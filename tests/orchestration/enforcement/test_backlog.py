from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.backlog import Backlog, backlog
from orchestration.ledger.database import reading
from tests.support.enforcement import LIVE, MONITOR, Room, prompt


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=prompt(LIVE))


def seen(room: Room) -> Backlog:
    with reading(room.engine) as connection:
        return backlog(connection, terms=room.terms, auto=[MONITOR], now=room.now)


def test_a_decision_is_work_until_it_is_planned_and_then_due(room: Room) -> None:
    room.decide("d1", "amy")
    assert (seen(room).decided, seen(room).due) == (1, 0)
    room.plan()
    assert (seen(room).decided, seen(room).due) == (0, 1)


def test_what_a_lifted_switch_had_blocked_is_work(room: Room) -> None:
    room.throw("all")
    room.decide("d1", "amy")
    room.plan()
    assert seen(room).pressing == 0
    room.throw("all", on=False)
    assert seen(room).settled == 1
    room.unblock()
    assert (seen(room).settled, seen(room).due) == (0, 1)


def test_what_a_switch_had_blocked_for_too_long_is_no_work(room: Room) -> None:
    room.throw("all")
    room.decide("d1", "amy")
    room.plan()
    room.throw("all", on=False)
    room.now += timedelta(days=30)
    assert seen(room).pressing == 0


def test_what_waited_for_a_target_that_is_free_now_is_work(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    room.apply("amy")
    room.decide("d2", "amy/2")
    room.plan()
    assert seen(room).settled == 0
    room.reverse("amy")
    assert seen(room).settled == 1


def test_an_alert_of_a_monitor_in_auto_is_work_until_it_is_decided(room: Room) -> None:
    room.alert("a-amy", "amy")
    assert seen(room).automatic == 1
    room.decide("d1", "amy", outcome="benign", action=None)
    assert seen(room).automatic == 0
