from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.caps import Breach, Usage, admit, exceeded, usage
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import Enforcement
from orchestration.policies.rules import Caps
from tests.support.enforcement import DRY, LIVE, MONITOR, Room, prompt
from tests.support.ledgers import NOON

LIMITS = Caps(per_run=10, per_day=20, per_day_share=0.5, per_monitor=8, per_tenant=3)
WHOLE = timedelta(days=1)


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    return Room(ledger, tmp_path, terms=prompt(LIVE))


def row(number: int, monitor: str | None = None, tenant: str | None = None) -> Enforcement:
    return Enforcement(
        enforcement_id=f"e{number}",
        idempotency_key=f"k{number}",
        batch_id="b1",
        product="chat",
        policy_id="spam",
        policy_version=1,
        target_type="account_id",
        target=f"account_{number}",
        action="suspend_24h",
        action_class="access",
        mode="live",
        state=EnforcementState.APPROVED,
        automated="not",
        needs=0,
        planned_at=NOON,
        not_before=NOON,
        monitor=monitor,
        tenant=tenant,
    )


def rows(n: int, monitor: str | None = None, tenant: str | None = None) -> list[Enforcement]:
    return [row(number, monitor, tenant) for number in range(n)]


def over(
    n: int,
    used: Usage | None = None,
    *,
    monitor: str | None = None,
    tenant: str | None = None,
    active: int | None = 1000,
) -> list[Breach]:
    given = rows(n, monitor, tenant)
    return exceeded(used or Usage(), given, limits=LIMITS, active=lambda _: active)


def test_as_much_as_a_cap_allows_is_no_breach_and_one_more_is() -> None:
    assert over(10) == []
    assert over(11) == [Breach("per_run", 10, 11)]
    assert over(10, Usage(total=10)) == []
    assert over(10, Usage(total=11)) == [Breach("per_day", 20, 21)]
    assert over(8, monitor="chat/a") == []
    assert over(9, monitor="chat/a") == [Breach("per_monitor", 8, 9, "chat/a")]
    assert over(1, Usage(monitors={"chat/a": 8}), monitor="chat/a") == [
        Breach("per_monitor", 8, 9, "chat/a")
    ]
    assert over(3, tenant="t1") == []
    assert over(4, tenant="t1") == [Breach("per_tenant", 3, 4, "t1")]
    assert over(1, Usage(tenants={"t1": 3}), tenant="t1") == [Breach("per_tenant", 3, 4, "t1")]


def test_the_share_is_of_the_products_active_entities() -> None:
    assert over(5, active=10) == []
    assert over(6, active=10) == [Breach("per_day_share", 0.5, 0.6, "chat")]
    assert over(3, Usage(products={"chat": 3}), active=10) == [
        Breach("per_day_share", 0.5, 0.6, "chat")
    ]
    assert over(3, Usage(products={"web": 30}), active=10) == []


@pytest.mark.parametrize("active", [None, 0])
def test_a_share_of_nobody_knows_how_many_is_a_breach(active: int | None) -> None:
    assert over(1, active=active) == [Breach("per_day_share", 0.5, None, "chat")]


def test_no_rows_breach_nothing() -> None:
    assert over(0, Usage(total=999), active=None) == []


def admitted(room: Room, batch_id: str, caps: Caps | None = None) -> list[Breach]:
    with writing(room.engine) as connection:
        return admit(
            connection,
            batch_id,
            limits=caps or room.terms.enforcement.caps,
            active=lambda _: room.active,
            now=room.now,
        )


def used(room: Room, now: datetime) -> int:
    with reading(room.engine) as connection:
        return usage(connection, now).total


def test_a_batch_is_let_through_whole_also_what_awaits_people(room: Room) -> None:
    room.decide("d1", "amy")
    room.decide("d2", "ben", action="suspend_account")
    (batch_id,) = room.plan()
    assert admitted(room, batch_id) == []
    assert {one.admitted_at for one in room.rows().values()} == {room.now}
    assert room.batch(batch_id)["admitted_at"] == room.now
    assert used(room, room.now) == 2


def test_a_breach_blocks_all_of_a_batch_and_marks_it_once(room: Room) -> None:
    room.decide("d1", "amy")
    room.decide("d2", "ben", action="suspend_account")
    (batch_id,) = room.plan()
    tight = replace(LIMITS, per_run=1, per_monitor=1, per_tenant=1)
    assert [one.cap for one in admitted(room, batch_id, tight)] == ["per_run", "per_monitor"]
    assert set(room.states().values()) == {("blocked", "cap:per_run")}
    assert not any(one.standing or one.admitted_at for one in room.rows().values())
    assert room.batch(batch_id)["breach"] == "per_run"
    assert used(room, room.now) == 0
    with reading(room.engine) as connection:
        verbs = [one.verb for one in entries(connection) if one.object == f"batch:{batch_id}"]
    assert verbs == ["plan", "breach"]


def test_a_batch_that_was_admitted_is_not_asked_again(room: Room) -> None:
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    admitted(room, batch_id)
    assert admitted(room, batch_id, replace(LIMITS, per_day_share=0.000001)) == []
    assert room.of("amy").state == "approved"


def test_what_is_admitted_and_not_sent_counts_for_every_day(room: Room) -> None:
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    admitted(room, batch_id)
    assert used(room, room.now + 5 * WHOLE) == 1


def test_what_was_sent_counts_for_its_day_and_that_of_its_admission(room: Room) -> None:
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    admitted(room, batch_id)
    admitted_on = room.now
    room.now += WHOLE
    room.apply("amy")
    assert used(room, admitted_on) == 1
    assert used(room, room.now) == 1
    assert used(room, room.now + WHOLE) == 0


def test_what_was_undone_counts_on_the_day_on_which_it_was_sent(room: Room) -> None:
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    admitted(room, batch_id)
    room.apply("amy")
    room.reverse("amy")
    assert used(room, room.now) == 1


def test_a_day_ends_at_midnight_utc(room: Room) -> None:
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    admitted(room, batch_id)
    room.apply("amy")
    midnight = room.now.replace(hour=0) + WHOLE
    assert used(room, midnight - timedelta(microseconds=1)) == 1
    assert used(room, midnight) == 0


def test_dry_run_uses_nothing_up(room: Room) -> None:
    room.terms = prompt(DRY)
    room.decide("d1", "amy")
    (batch_id,) = room.plan()
    assert admitted(room, batch_id) == []
    assert used(room, room.now) == 0


def test_usage_is_counted_by_product_and_monitor(room: Room) -> None:
    room.decide("d1", "amy", "ben")
    (batch_id,) = room.plan()
    admitted(room, batch_id)
    with reading(room.engine) as connection:
        found = usage(connection, room.now)
    assert found == Usage(2, {"chat": 2}, {MONITOR: 2}, {})


def test_of_two_batches_planned_before_either_was_admitted_the_second_breaches(room: Room) -> None:
    room.decide("d1", "amy")
    (first,) = room.plan()
    room.decide("d2", "bob")
    (second,) = room.plan()
    one_a_day = Caps(per_run=1, per_day=1, per_day_share=0.5, per_monitor=1, per_tenant=1)
    assert admitted(room, first, one_a_day) == []
    found = [one.cap for one in admitted(room, second, one_a_day)]
    assert found == ["per_day", "per_monitor"]
    assert room.states() == {
        "a-amy suspend_24h": ("approved", None),
        "a-bob suspend_24h": ("blocked", "cap:per_day"),
    }
