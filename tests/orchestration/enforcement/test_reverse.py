from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.errors import EnforcementError
from orchestration.enforcement.lapse import lapse
from orchestration.enforcement.reverse import (
    OfMonitor,
    preview_reversal,
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
from orchestration.reference_service.faults import Faults, Rule
from tests.orchestration.enforcement.test_reconcile import dies
from tests.support.executing import DRY, LEAD, MONITOR, Floor, floor, hours

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


def test_all_that_a_monitor_did_since_a_time_is_undone(floor: Floor) -> None:
    floor.approve("old", batch_id="b0")
    floor.run()
    floor.clock.forward(hours=1)
    floor.approve(*(f"u{n:03}" for n in range(120)), batch_id="b1")
    floor.approve("other", batch_id="b2", monitor="chat/pile_on")
    floor.run()
    floor.approve("later", batch_id="b3", not_before=hours(5))
    which = OfMonitor(MONITOR, hours(1))
    with reading(floor.engine) as connection:
        preview = preview_reversal(connection, which, rules=floor.terms.enforcement, now=hours(1))
    assert (preview.restores, preview.stops, preview.size) == (120, 1, 121)
    asked = reverse_monitor(floor.engine, who=LEAD, which=which, reason="bad rule", now=hours(1))
    assert asked.size == 121
    seen: list[tuple[int, int]] = []
    undone = floor.undo(progress=lambda done, left: seen.append((done, left)))
    assert undone.restored == 120
    assert seen == [(50, 70), (100, 20), (120, 0)]
    assert {floor.value(f"u{n:03}") for n in range(120)} == {"active"}
    assert [floor.value(name) for name in ("old", "other", "later")] == [
        "suspended",
        "suspended",
        "active",
    ]
    (row,) = floor.table("reversals")
    assert (row["kind"], row["monitor"], row["size"], row["asked_by"]) == (
        "monitor",
        MONITOR,
        121,
        "heron-7",
    )
    again = reverse_monitor(floor.engine, who=LEAD, which=which, reason="bad rule", now=hours(2))
    assert (again.reversal_id, again.size) == ("", 0)


def test_only_one_version_is_undone_if_it_is_named(floor: Floor) -> None:
    floor.approve("u1", batch_id="b1")
    floor.approve("u2", batch_id="b2", version=2)
    floor.run()
    which = OfMonitor(MONITOR, hours(0), version=2)
    assert reverse_monitor(floor.engine, who=LEAD, which=which, reason="x", now=hours(1)).size == 1
    floor.undo()
    assert (floor.value("u1"), floor.value("u2")) == ("suspended", "active")


def test_what_is_blocked_for_another_reason_cannot_come_back_after_a_reversal(
    floor: Floor,
) -> None:
    ids = floor.approve("u1", "u2")
    floor.active = None
    floor.run()
    assert {floor.row(each).code for each in ids} == {"cap:per_day_share"}
    reverse_monitor(floor.engine, who=LEAD, which=SINCE, reason="bad rule", now=hours(1))
    assert {floor.row(each).code for each in ids} == {"reversed"}


def test_a_preview_counts_what_would_be_done_and_does_nothing(floor: Floor) -> None:
    floor.approve("u1", batch_id="b1")
    floor.approve("u2", action="warn", batch_id="b2")
    closed = {"action": "terminate_account", "policy_id": "child_safety"}
    floor.approve("u3", batch_id="b3", **closed)
    (back,) = floor.approve("u4", batch_id="b4")
    floor.run()
    floor.reverse(back)
    floor.undo()
    floor.approve("u5", batch_id="b5")
    dies(floor, acts=True)
    floor.approve("u6", batch_id="b6")
    before = floor.rows()
    with reading(floor.engine) as connection:
        found = preview_reversal(connection, SINCE, rules=floor.terms.enforcement, now=hours(1))
    assert (found.restores, found.ended, found.irreversible) == (1, 1, 1)
    assert (found.in_flight, found.stops, found.before) == (1, 1, 1)
    assert floor.rows() == before


@pytest.mark.parametrize("kind", ["hang_after", "error_after", "drop_after", "garbled"])
def test_a_restoration_of_which_nobody_knows_is_asked_for_again_under_its_key(
    ledger: Engine, tmp_path: Path, kind: str
) -> None:
    faults = Faults([Rule(kind, on=("restore",), tries=5)], seconds=0.6)
    with floor(ledger, tmp_path / "service", faults=faults) as found:
        (done,) = found.approve("u1")
        found.run()
        found.reverse(done)
        undone = found.undo()
        assert (undone.unclear, undone.left) == (1, 1)
        assert found.row(done).state == "reversing"
        assert found.undo().unclear == 0
        found.clock.forward(minutes=1)
        assert found.undo().restored == 1
        assert sorted(kind for kind, _ in found.effects().elements()) == ["applied", "restored"]


def test_while_the_service_is_away_reversals_wait(ledger: Engine, tmp_path: Path) -> None:
    with floor(ledger, tmp_path / "service") as found:
        (done,) = found.approve("u1")
        found.run()
        found.reverse(done)
    undone = found.undo()
    assert (undone.put_off, undone.left, undone.stopped) == (1, 1, "unreachable")
    assert found.row(done).leased_by is None


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
