from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.switches import on, throw
from orchestration.launch.drills import answer_route, drill_kill_switch, try_route
from orchestration.launch.errors import LaunchError
from orchestration.launch.facts_ledger import trials
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.ledger.outbox import backlog
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.roles import Role
from tests.support.enforcement import ANA, BEN, REVIEWER, Room, prompt, somebody
from tests.support.executing import LIVE
from tests.support.ledgers import NOON
from tests.support.slack_rooms import ANN, BOB, CHANNEL, rooms
from tests.support.slack_rooms import Room as Channel

NONCE = "7f3a09c2"
ONCALL = somebody("otto", Role.ONCALL)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path / "home", terms=prompt(LIVE))


@pytest.fixture
def channel(ledger: Engine, tmp_path: Path) -> Iterator[Channel]:
    with rooms(ledger, tmp_path) as found:
        yield found


def switched(room: Room) -> frozenset[str]:
    with reading(room.engine) as connection:
        return on(connection)


def due(room: Room, *accounts: str) -> None:
    """Suspensions of chat that are approved and to be carried out now."""
    room.decide("d1", *accounts)
    room.plan()
    waits = [name for name, row in room.rows().items() if row.state == "awaiting_approval"]
    if waits:
        room.approve(ANA, *waits)


def test_a_drill_sees_what_is_due_held_and_leaves_the_switch_lifted(room: Room) -> None:
    due(room, "amy", "bob")
    before = room.rows()

    done = drill_kill_switch(room.engine, BEN, "chat", terms=room.terms, now=room.now)

    assert done.passed
    assert done.seen == "2 approved actions were due, 2 of them held; then it was lifted."
    assert switched(room) == frozenset()
    assert room.rows() == before
    with reading(room.engine) as connection:
        found = trials(connection, "kill_switch", room.now)["chat"]
        turned = [one.verb for one in entries(connection) if one.object == "switch:product:chat"]
    assert (found.passed, found.at, found.seen) == (True, room.now, done.seen)
    assert turned == ["throw", "lift"]


def test_a_drill_where_nothing_is_due_says_so(room: Room) -> None:
    done = drill_kill_switch(room.engine, BEN, "web", terms=room.terms, now=room.now)
    assert done.seen == "0 approved actions were due, 0 of them held; then it was lifted."


@pytest.mark.parametrize("name", ["product:chat", "all"])
def test_a_switch_that_people_threw_is_neither_lifted_nor_drilled(room: Room, name: str) -> None:
    throw(room.engine, who=ANA, name=name, on=True, reason="an incident", now=room.now)

    with pytest.raises(LaunchError, match=f"The switch {name} is on, since .+ by ana"):
        drill_kill_switch(room.engine, BEN, "chat", terms=room.terms, now=room.now)

    assert switched(room) == {name}
    with reading(room.engine) as connection:
        assert trials(connection, "kill_switch", room.now) == {}


def test_another_products_switch_stays_as_it_is(room: Room) -> None:
    throw(room.engine, who=ANA, name="product:web", on=True, reason="an incident", now=room.now)
    assert drill_kill_switch(room.engine, BEN, "chat", terms=room.terms, now=room.now).passed
    assert switched(room) == {"product:web"}


@pytest.mark.parametrize("who", [ONCALL, REVIEWER])
def test_who_may_not_lift_it_throws_nothing(room: Room, who: object) -> None:
    with pytest.raises(PeopleError):
        drill_kill_switch(room.engine, who, "chat", terms=room.terms, now=room.now)  # type: ignore[arg-type]
    with reading(room.engine) as connection:
        assert not [one for one in entries(connection) if one.object.startswith("switch:")]


def test_a_look_that_fails_lifts_the_switch_and_records_nothing(room: Room) -> None:
    due(room, "amy")
    broken = replace(room.terms, enforcement=None)  # type: ignore[arg-type]

    with pytest.raises(AttributeError):
        drill_kill_switch(room.engine, BEN, "chat", terms=broken, now=room.now)

    assert switched(room) == frozenset()
    with reading(room.engine) as connection:
        assert trials(connection, "kill_switch", room.now) == {}


def test_a_message_goes_to_the_channel_and_its_nonce_brings_the_test_back(
    channel: Channel,
) -> None:
    engine = channel.engine
    try_route(engine, ANN, CHANNEL, nonce=NONCE, now=NOON)
    channel.drain()
    (message,) = channel.kept()
    assert "Nothing happened: <@U0ANN0001> wants to know" in str(message["blocks"])
    assert f"watchfloor launch answer {NONCE}" in message["text"]
    with reading(engine) as connection:
        assert trials(connection, "route", NOON) == {}

    answer_route(engine, BOB, NONCE, now=NOON + 5 * MINUTE)

    with reading(engine) as connection:
        found = trials(connection, "route", NOON + HOUR)[CHANNEL]
    assert (found.passed, found.at, found.seen) == (True, NOON, "answered by bob-2 after 5 min.")


@pytest.mark.parametrize(
    ("nonce", "minutes"), [("00000000", 5), (NONCE, 61), (NONCE, -1)], ids=["other", "late", "past"]
)
def test_a_wrong_or_late_nonce_answers_nothing(ledger: Engine, nonce: str, minutes: int) -> None:
    try_route(ledger, ANN, CHANNEL, nonce=NONCE, now=NOON)

    with pytest.raises(LaunchError, match="No test of a channel waits for that nonce") as refused:
        answer_route(ledger, BOB, nonce, now=NOON + minutes * MINUTE)

    assert nonce not in str(refused.value)
    with reading(ledger) as connection:
        later = trials(connection, "route", NOON + 2 * HOUR)[CHANNEL]
    assert (later.passed, later.seen) == (False, "nobody answered it.")


def test_an_answer_counts_once(ledger: Engine) -> None:
    try_route(ledger, ANN, CHANNEL, nonce=NONCE, now=NOON)
    answer_route(ledger, BOB, NONCE, now=NOON + MINUTE)
    with pytest.raises(LaunchError):
        answer_route(ledger, ANN, NONCE, now=NOON + 2 * MINUTE)


def test_what_is_no_channel_is_told_nothing(ledger: Engine) -> None:
    with pytest.raises(LaunchError, match="no channel's id"):
        try_route(ledger, ANN, "abuse@example.com", nonce=NONCE, now=NOON)
    with reading(ledger) as connection:
        assert backlog(connection, NOON)[0] == 0


def test_a_viewer_tests_no_channel(ledger: Engine) -> None:
    with pytest.raises(PeopleError):
        try_route(ledger, somebody("vic", Role.VIEWER), CHANNEL, nonce=NONCE, now=NOON)
