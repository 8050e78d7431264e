from zoneinfo import ZoneInfo

import pytest

from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.lapse import lapse
from orchestration.enforcement.reverse import (
    OfMonitor,
    reverse_monitor,
    reverse_one,
)
from orchestration.enforcement.strikes import weights
from orchestration.enforcement.switches import throw
from orchestration.ledger.database import reading
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.verify import verify
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from tests.orchestration.enforcement.test_reconcile import dies
from tests.support.executing import DRY, LEAD, MONITOR, Floor, hours

VIEWER = Person("finch-1", "U0FINCH1", frozenset({Role.REVIEWER}), ZoneInfo("UTC"))
SINCE = OfMonitor(MONITOR, hours(0))


def test_a_reversal_restores_exactly_what_was_there(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.client.put("u1", "account_id", access={"tier": "gold", "limits": [1, 2.5, None]})
    floor.run()
    assert floor.value("u1") == "suspended"
    asked = floor.reverse(done)
    assert asked.size == 1
    assert floor.undo().restored == 1
    row = floor.row(done)
    assert (row.state, row.standing, row.reversed_at) == ("reversed", False, hours(0))
    assert row.reversal_id == asked.reversal_id
    assert floor.value("u1") == {"tier": "gold", "limits": [1, 2.5, None]}
    with reading(floor.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_the_strike_goes_and_the_user_is_told(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    target = floor.row(done).target
    with reading(floor.engine) as connection:
        assert weights(connection, [target], hours(1)) == {target: 1}
    floor.reverse(done)
    floor.clock.forward(hours=1)
    floor.undo()
    with reading(floor.engine) as connection:
        assert weights(connection, [target], hours(1)) == {}
    assert [strike["removed_at"] for strike in floor.table("strikes")] == [hours(1)]
    kinds = {notice["kind"]: notice["fields"] for notice in floor.table("notices")}
    assert kinds.keys() == {"applied", "restored"}
    assert kinds["restored"]["reversed"] == "2026-03-02T13:00:00+00:00"


def test_a_second_reversal_is_no_act_at_all(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    first = floor.reverse(done)
    again = floor.reverse(done)
    assert (again.reversal_id, again.size) == (first.reversal_id, 0)
    floor.undo()
    before = floor.table("audit")
    assert floor.reverse(done).size == 0
    assert floor.undo().restored == 0
    assert floor.table("audit") == before
    assert len(floor.table("reversals")) == 1
    assert floor.effects().total() == 2


def test_what_was_suspended_by_hand_before_stays_suspended(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.by_hand("u1", "suspended")
    floor.run()
    floor.reverse(done)
    floor.undo()
    assert floor.row(done).state == "reversed"
    assert floor.value("u1") == "suspended"
    assert floor.effects() == {}


def test_what_a_person_changed_since_is_left_alone_and_flagged(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    floor.by_hand("u1", "limited")
    floor.reverse(done)
    undone = floor.undo()
    assert (undone.kept, undone.left) == (1, 0)
    row = floor.row(done)
    assert (row.state, row.standing, row.flag) == ("applied", True, "changed_since")
    assert floor.value("u1") == "limited"
    assert [strike["removed_at"] for strike in floor.table("strikes")] == [hours(0)]
    assert [notice["kind"] for notice in floor.table("notices")] == ["applied"]
    assert floor.undo().kept == 0


def test_what_was_left_alone_may_be_asked_for_again(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    floor.by_hand("u1", "limited")
    first = floor.reverse(done)
    floor.undo()
    floor.by_hand("u1", "active")
    floor.clock.forward(hours=1)
    assert floor.reverse(done).reversal_id != first.reversal_id
    assert floor.undo().restored == 1
    assert (floor.row(done).state, floor.row(done).flag) == ("reversed", None)


def test_reversals_go_on_with_the_kill_switch_on_and_in_dry_run(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    throw(floor.engine, who=LEAD, name="all", on=True, reason="stop", now=hours(0))
    floor.terms = DRY
    floor.reverse(done)
    assert floor.undo().restored == 1
    assert floor.value("u1") == "active"


def test_what_is_pending_is_blocked_and_never_sent(floor: Floor) -> None:
    (waits,) = floor.approve("u1")
    assert floor.reverse(waits).size == 1
    row = floor.row(waits)
    assert (row.state, row.code, row.standing) == ("blocked", "reversed", False)
    assert floor.reverse(waits).size == 0
    floor.run()
    assert floor.effects() == {}


def test_what_may_have_been_done_is_looked_up_before_it_is_undone(floor: Floor) -> None:
    (lost,) = floor.approve("u1")
    dies(floor, acts=True)
    floor.reverse(lost)
    assert floor.undo().restored == 0
    floor.clock.forward(minutes=10)
    assert floor.undo().restored == 1
    assert floor.value("u1") == "active"
    assert {notice["kind"] for notice in floor.table("notices")} == {"applied", "restored"}


def test_what_turns_out_never_to_have_been_sent_is_blocked(floor: Floor) -> None:
    (lost,) = floor.approve("u1")
    dies(floor, acts=False)
    floor.reverse(lost)
    floor.clock.forward(hours=1)
    assert floor.undo().blocked == 1
    assert (floor.row(lost).state, floor.row(lost).code) == ("blocked", "reversed")
    assert floor.effects() == {}


def test_a_row_given_back_after_its_reversal_is_blocked_by_the_next_run_too(floor: Floor) -> None:
    (lost,) = floor.approve("u1")
    dies(floor, acts=False)
    floor.reverse(lost)
    floor.clock.forward(hours=1)
    floor.reconcile()
    assert floor.run().blocked == 1
    assert (floor.row(lost).state, floor.row(lost).code) == ("blocked", "reversed")


def test_a_warning_has_nothing_to_restore_and_the_user_hears_that_it_was_wrong(
    floor: Floor,
) -> None:
    (warned,) = floor.approve("u1", action="warn")
    floor.run()
    floor.reverse(warned)
    assert floor.undo().ended == 1
    assert floor.row(warned).state == "reversed"
    assert {notice["kind"] for notice in floor.table("notices")} == {"applied", "retracted"}
    assert floor.effects() == {("applied", "e-u1-warn"): 1}


def test_what_ended_by_itself_is_not_restored_over_what_came_after(floor: Floor) -> None:
    (first,) = floor.approve("u1", action="suspend_24h")
    floor.run()
    floor.clock.forward(hours=24)
    assert lapse(floor.engine, hours(24)) == 1
    (second,) = floor.plan("u1", action="suspend_24h", prefix="f", batch_id="b2")
    floor.run()
    floor.reverse(first)
    assert floor.undo().ended == 1
    assert floor.value("u1") == "suspended"
    assert (floor.row(first).state, floor.row(second).state) == ("reversed", "applied")


def test_a_termination_is_not_undone_by_us(floor: Floor) -> None:
    (closed,) = floor.approve("u1", action="terminate_account", policy_id="child_safety")
    floor.run()
    floor.reverse(closed)
    assert floor.undo().kept == 1
    assert (floor.row(closed).state, floor.row(closed).flag) == ("applied", "restore:irreversible")
    assert floor.value("u1") == "terminated"


def test_who_was_forgotten_since_is_flagged_for_people(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    floor.names.forget("account_id", "u1")
    floor.reverse(done)
    assert floor.undo().kept == 1
    assert floor.row(done).flag == "restore:target_unknown"


def test_who_may_not_reverse_is_refused(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    with pytest.raises(PeopleError, match="reverse"):
        reverse_one(floor.engine, who=VIEWER, enforcement_id=done, reason="x", now=hours(0))
    with pytest.raises(PeopleError, match="reverse"):
        reverse_monitor(floor.engine, who=VIEWER, which=SINCE, reason="x", now=hours(0))


def test_what_was_never_done_cannot_be_reversed(floor: Floor) -> None:
    (failed,) = floor.plan("nobody")
    floor.approve("u1")
    floor.run()
    with pytest.raises(EnforcementError, match="nothing was done"):
        floor.reverse(failed)
    with pytest.raises(LedgerError, match="no enforcement"):
        floor.reverse("e-none")
