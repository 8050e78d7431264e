from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.reverse import (
    OfMonitor,
    preview_reversal,
    reverse_monitor,
)
from orchestration.ledger.database import reading
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from orchestration.reference_service.faults import Faults, Rule
from tests.orchestration.enforcement.test_reconcile import dies
from tests.support.executing import LEAD, MONITOR, Floor, floor, hours

VIEWER = Person("finch-1", "U0FINCH1", frozenset({Role.REVIEWER}), ZoneInfo("UTC"))
SINCE = OfMonitor(MONITOR, hours(0))


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
