from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.executors.protocol import Order, Receipt
from orchestration.reference_service.faults import Faults, Rule
from tests.support.executing import Floor, floor, hours


def test_a_wrong_account_id_fails_with_the_services_code(floor: Floor) -> None:
    floor.approve("u1")
    (wrong,) = floor.plan("nobody")
    ran = floor.run()
    assert (ran.applied, ran.failed) == (1, 1)
    row = floor.row(wrong)
    assert (row.state, row.code, row.standing) == ("failed", "unknown_target", False)
    assert len(floor.table("strikes")) == len(floor.table("notices")) == 1


def test_who_was_forgotten_is_not_acted_on(floor: Floor) -> None:
    (gone,) = floor.approve("u1")
    floor.names.forget("account_id", "u1")
    assert floor.run().failed == 1
    assert floor.row(gone).code == "target_unknown"
    assert floor.effects() == {}


FAULTS = [
    "hang_after",
    "error_before",
    "error_after",
    "drop_before",
    "drop_after",
    "duplicate",
    "slow",
    "garbled",
]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_that_passes_is_retried_under_the_same_key(
    ledger: Engine, tmp_path: Path, kind: str
) -> None:
    faults = Faults([Rule(kind, on=("apply",), tries=1)], seconds=0.7)
    with floor(ledger, tmp_path / "service", faults=faults) as found:
        found.approve("u1", "u2", "u3")
        assert found.run().applied == 3
        assert set(found.effects().values()) == {1}
        assert found.value("u2") == "suspended"


@pytest.mark.parametrize("kind", ["hang_after", "error_after", "drop_after", "garbled"])
def test_a_fault_that_lasts_leaves_it_unknown_until_the_service_tells(
    ledger: Engine, tmp_path: Path, kind: str
) -> None:
    faults = Faults([Rule(kind, on=("apply",), tries=99)], seconds=0.6)
    with floor(ledger, tmp_path / "service", faults=faults) as found:
        (lost,) = found.approve("u1")
        assert found.run().unknown == 1
        assert found.row(lost).state == "unknown"
        assert found.row(lost).standing
        assert found.reconcile().applied == 1
        assert (found.row(lost).state, found.row(lost).prior) == ("applied", '"active"')
        assert found.effects() == {("applied", "e-u1-suspend_account"): 1}
        assert len(found.table("strikes")) == len(found.table("notices")) == 1


def test_a_busy_service_is_left_alone_for_as_long_as_it_says(
    ledger: Engine, tmp_path: Path
) -> None:
    faults = Faults([Rule("busy", on=("apply",), tries=1)], seconds=3600)
    with floor(ledger, tmp_path / "service", faults=faults) as found:
        found.approve("u1")
        ran = found.run()
        assert (ran.put_off, ran.stopped) == (1, "slow")
        assert found.row("e-u1-suspend_account").not_before == hours(1)
        found.clock.forward(minutes=59)
        assert found.run().applied == 0
        found.clock.forward(minutes=1)
        assert found.run().applied == 1


def test_a_service_that_is_away_is_tried_again_later_and_later(
    ledger: Engine, tmp_path: Path
) -> None:
    with floor(ledger, tmp_path / "service") as found:
        (waits,) = found.approve("u1")
        away = found.executor
    ran = found.run(executor=away)
    assert (ran.put_off, ran.stopped) == (1, "unreachable")
    assert found.row(waits).not_before == hours(0) + timedelta(seconds=30)
    found.clock.forward(seconds=30)
    found.run(executor=away)
    assert found.row(waits).not_before == hours(0) + timedelta(seconds=90)
    assert (found.row(waits).state, found.row(waits).attempts) == ("approved", 2)


def test_a_wrong_secret_fails_nothing_for_good(floor: Floor) -> None:
    (waits,) = floor.approve("u1")
    ran = floor.run(executor=floor.client.executor(b"another-secret-of-thirty-two-bytes"))
    assert (ran.put_off, ran.stopped) == (1, "not_admitted")
    assert floor.row(waits).state == "approved"
    floor.clock.forward(minutes=1)
    assert floor.run().applied == 1


class Broken:
    """An executor with a fault of its own, which shows after it has acted."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def apply(self, order: Order) -> Receipt:
        receipt = self.floor.executor.apply(order)
        if order.target == "u1":
            raise ZeroDivisionError
        return receipt


def test_a_fault_of_our_own_is_raised_and_what_it_did_is_found(floor: Floor) -> None:
    floor.approve("u1", "u2")
    with pytest.raises(ExceptionGroup):
        floor.run(executor=Broken(floor), workers=1)
    assert floor.row("e-u1-suspend_account").state == "unknown"
    floor.clock.forward(hours=1)
    floor.reconcile()
    floor.run()
    assert floor.states() == {"applied": 2}
    assert set(floor.effects().values()) == {1}
