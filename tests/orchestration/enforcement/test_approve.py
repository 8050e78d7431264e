from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.approve import Judged, Resumed, expire
from orchestration.enforcement.caps import admit
from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.protections import protect
from orchestration.ledger.database import reading, writing
from orchestration.ledger.verify import verify
from orchestration.oncall.errors import PeopleError
from tests.support.enforcement import (
    ANA,
    BEN,
    CLEO,
    DAY,
    LIVE,
    REVIEWER,
    WROTE,
    Room,
    prompt,
    somebody,
    terms_of,
)
from tests.support.ledgers import count


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=prompt(LIVE))


def asked(room: Room, action: str = "suspend_account") -> str:
    """A row that awaits approval; its id."""
    room.decide("d1", "amy", action=action)
    room.plan()
    return room.of("amy").enforcement_id


def test_one_yes_is_enough_where_one_is_wanted(room: Room) -> None:
    assert room.approve(ANA, asked(room)) == Judged(approved=1)
    row = room.of("amy")
    assert (row.state, row.approved_at, row.expires_at) == ("approved", room.now, room.now + DAY)
    with reading(room.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""
        assert count(connection, "grants") == 1


def test_two_different_people_are_wanted_for_what_is_irreversible(room: Room) -> None:
    name = asked(room, "terminate_account")
    assert room.approve(ANA, name) == Judged(waiting=1)
    with pytest.raises(
        EnforcementError, match=r"has the verdict of ana. A second person is wanted"
    ):
        room.approve(ANA, name)
    assert room.of("amy").state == "awaiting_approval"
    assert room.approve(BEN, name) == Judged(approved=1)


def test_an_author_of_the_monitor_approves_nothing_it_found(room: Room) -> None:
    name = asked(room)
    with pytest.raises(EnforcementError, match=r"of which ndiaz is an author. Ask somebody else"):
        room.approve(WROTE, name)
    assert room.of("amy").state == "awaiting_approval"


def test_where_nobody_knows_the_authors_nobody_approves(room: Room) -> None:
    name = asked(room)
    room.monitors = {}
    with pytest.raises(EnforcementError, match="whose authors are not known"):
        room.approve(ANA, name)


def test_who_decided_does_not_approve(room: Room) -> None:
    with pytest.raises(EnforcementError, match=r"was decided by rita. Ask somebody else"):
        room.approve(somebody("rita"), asked(room))


def test_a_reviewer_may_not_approve(room: Room) -> None:
    with pytest.raises(PeopleError, match="none of which may 'approve'"):
        room.approve(REVIEWER, asked(room))


def test_an_approval_that_comes_too_late_is_refused(room: Room) -> None:
    name = asked(room)
    room.now += DAY
    with pytest.raises(EnforcementError, match=r"was to be approved before 2026-03-04 12:00:00"):
        room.approve(ANA, name)
    assert expire(room.engine, now=room.now) == 1
    assert (room.of("amy").state, room.of("amy").code) == ("expired", "expired")
    with pytest.raises(EnforcementError, match="Have its case decided anew"):
        room.approve(ANA, name)


def test_what_is_in_time_does_not_expire(room: Room) -> None:
    asked(room)
    assert expire(room.engine, now=room.now + DAY - timedelta(microseconds=1)) == 0
    assert expire(room.engine, now=room.now + DAY) == 1


def test_an_approval_runs_out_too(room: Room) -> None:
    room.approve(ANA, asked(room))
    assert expire(room.engine, now=room.now + DAY) == 1
    assert not room.of("amy").standing


def test_a_refusal_blocks_also_what_others_approved(room: Room) -> None:
    name = asked(room)
    room.approve(ANA, name)
    assert room.approve(BEN, name, verdict="refuse") == Judged(refused=1)
    row = room.of("amy")
    assert (row.state, row.code, row.standing) == ("blocked", "refused", False)
    with pytest.raises(EnforcementError, match="is blocked and cannot be refused"):
        room.approve(CLEO, name, verdict="refuse")


def test_somebody_may_take_their_yes_back(room: Room) -> None:
    name = asked(room)
    room.approve(ANA, name)
    assert room.approve(ANA, name, verdict="refuse") == Judged(refused=1)


def test_what_awaits_nothing_is_not_approved(room: Room) -> None:
    room.decide("d1", "amy")
    room.plan()
    with pytest.raises(EnforcementError, match="is approved and awaits no approval"):
        room.approve(ANA, room.of("amy").enforcement_id)


def test_retracted_findings_are_not_approved(room: Room) -> None:
    name = asked(room)
    room.retracted("a-amy")
    with pytest.raises(EnforcementError, match=r"rests on findings that were retracted. Refuse it"):
        room.approve(ANA, name)


def test_all_or_none_of_those_named_are_approved(room: Room) -> None:
    name = asked(room)
    with pytest.raises(EnforcementError, match="1 of the 2 enforcements asked for are there"):
        room.approve(ANA, name, "e-that-is-not-there")
    assert room.of("amy").state == "awaiting_approval"


def test_a_batch_is_approved_at_once_what_awaits_it(room: Room) -> None:
    room.decide("d1", "amy", "bob", action="suspend_account")
    room.decide("d2", "cat")
    (batch_id,) = room.plan()
    assert room.approve(ANA, batch_id=batch_id) == Judged(approved=2)
    with pytest.raises(EnforcementError, match="Nothing of the batch awaits an approval by ana"):
        room.approve(ANA, batch_id=batch_id)


def test_what_is_protected_since_it_was_planned_wants_two(room: Room) -> None:
    name = asked(room)
    protect(
        room.engine,
        who=ANA,
        entity_type="account_id",
        entity=room.name("amy"),
        tag="journalist",
        reason="told by the newsroom",
        rules=room.terms.enforcement,
        now=room.now,
    )
    assert room.approve(BEN, name) == Judged(waiting=1)
    assert room.approve(CLEO, name) == Judged(approved=1)
    assert room.of("amy").needs == 2


def stopped(room: Room) -> str:
    """A batch of three that a cap of two stopped."""
    room.terms = prompt(terms_of(per_run=2))
    room.decide("d1", "amy", "bob", "cat")
    (batch_id,) = room.plan()
    return batch_id


def test_two_people_resume_a_batch_once_the_cap_allows_it(room: Room) -> None:
    batch_id = stopped(room)
    room.terms = prompt(LIVE)
    assert room.resume(ANA, batch_id) == Resumed(resumed=False, missing=1)
    assert set(room.states().values()) == {("blocked", "cap:per_run")}
    with pytest.raises(EnforcementError, match="ana has resumed this batch; a second person"):
        room.resume(ANA, batch_id)
    assert room.resume(BEN, batch_id) == Resumed(resumed=True)
    assert {(row.state, row.code) for row in room.rows().values()} == {("approved", None)}
    assert {row.admitted_at for row in room.rows().values()} == {room.now}
    assert room.batch(batch_id)["resumed_at"] == room.now
    with pytest.raises(EnforcementError, match="no batch of that id that a cap stopped"):
        room.resume(CLEO, batch_id)
    with reading(room.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_a_batch_whose_cap_would_be_breached_again_stays_and_nothing_is_written(
    room: Room,
) -> None:
    batch_id = stopped(room)
    room.resume(ANA, batch_id)
    with pytest.raises(EnforcementError, match="The cap per_run allows 2 and would come to 3"):
        room.resume(BEN, batch_id)
    room.terms = prompt(LIVE)
    assert room.resume(BEN, batch_id) == Resumed(resumed=True)


def test_a_resumed_batch_passes_the_gates_anew(room: Room) -> None:
    batch_id = stopped(room)
    room.terms = prompt(LIVE)
    room.resume(ANA, batch_id)
    room.retracted("a-amy")
    room.resume(BEN, batch_id)
    assert room.states()["a-amy suspend_24h"] == ("blocked", "retracted")
    assert room.states()["a-bob suspend_24h"] == ("approved", None)


def test_an_author_does_not_resume_what_their_monitor_found(room: Room) -> None:
    batch_id = stopped(room)
    with pytest.raises(EnforcementError, match="of which ndiaz is an author"):
        room.resume(WROTE, batch_id)


def test_a_batch_that_nothing_stopped_is_not_resumed(room: Room) -> None:
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    with pytest.raises(EnforcementError, match="no batch of that id that a cap stopped"):
        room.resume(ANA, batch_id)


def test_a_new_day_lets_a_batch_go_on(room: Room) -> None:
    caps = replace(room.terms.enforcement.caps, per_day=1, per_run=1, per_monitor=1, per_tenant=1)
    rules = replace(room.terms.enforcement, caps=caps)
    room.terms = replace(room.terms, enforcement=rules)
    room.decide("d1", "amy")
    (first,) = room.plan()
    admit_all(room, first)
    room.apply("amy")
    room.decide("d2", "bob")
    (second,) = room.plan()
    assert room.batch(second)["breach"] == "per_day"
    room.now += DAY
    room.resume(ANA, second)
    assert room.resume(BEN, second).resumed


def admit_all(room: Room, batch_id: str) -> None:
    with writing(room.engine) as connection:
        caps = room.terms.enforcement.caps
        assert not admit(connection, batch_id, limits=caps, active=lambda _: 9, now=room.now)
