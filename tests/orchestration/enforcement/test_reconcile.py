from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.enforcement.switches import throw
from orchestration.executors.protocol import Order, Receipt
from orchestration.reference_service.faults import Faults, Rule
from tests.support.executing import LEAD, Floor, floor, hours


class KilledError(BaseException):
    """The process is gone; nothing of ours may catch it."""


class Dying:
    """The real executor; the process dies before or after a call of it has acted."""

    def __init__(self, floor: Floor, *, acts: bool) -> None:
        self.floor, self.acts = floor, acts

    def apply(self, order: Order) -> Receipt:
        if self.acts:
            self.floor.executor.apply(order)
        raise KilledError


def dies(floor: Floor, *, acts: bool) -> None:
    with pytest.raises(KilledError):
        floor.run(executor=Dying(floor, acts=acts), workers=1)


def test_what_a_dead_worker_had_done_is_found_and_recorded_in_full(floor: Floor) -> None:
    (lost,) = floor.approve("u1", action="suspend_24h")
    dies(floor, acts=True)
    assert floor.row(lost).state == "executing"
    floor.clock.forward(minutes=9)
    assert floor.reconcile().left == 0
    assert floor.row(lost).state == "executing"
    floor.clock.forward(minutes=1)
    assert floor.reconcile().applied == 1
    row = floor.row(lost)
    assert (row.state, row.prior, row.standing) == ("applied", '"active"', True)
    assert (row.applied_at, row.ends_at) == (hours(0), hours(24))
    assert floor.effects() == {("applied", "e-u1-suspend_24h"): 1}
    assert len(floor.table("strikes")) == len(floor.table("notices")) == 1


def test_what_was_never_heard_of_goes_back_once_no_request_can_be_under_way(floor: Floor) -> None:
    (lost,) = floor.approve("u1")
    dies(floor, acts=False)
    floor.clock.forward(minutes=10)
    found = floor.reconcile()
    assert (found.waiting, found.left, found.oldest) == (1, 1, hours(0))
    assert floor.row(lost).state == "unknown"
    floor.clock.forward(minutes=9)
    assert floor.reconcile().waiting == 1
    floor.clock.forward(minutes=1)
    assert floor.reconcile().given_back == 1
    row = floor.row(lost)
    assert (row.state, row.leased_until, row.ends_at) == ("approved", None, None)
    assert floor.run().applied == 1
    assert floor.effects() == {("applied", "e-u1-suspend_account"): 1}


def test_a_request_that_comes_late_is_found_and_not_sent_again(floor: Floor) -> None:
    (lost,) = floor.approve("u1")
    dies(floor, acts=False)
    floor.clock.forward(minutes=12)
    assert floor.reconcile().waiting == 1
    key = floor.row(lost).idempotency_key
    late = Order(key, "account_id", "u1", "suspend_account", "access", '"suspended"', None)
    floor.executor.apply(late)
    assert floor.reconcile().applied == 1
    assert floor.effects() == {("applied", "e-u1-suspend_account"): 1}


def test_nothing_is_sent_by_asking_and_kill_switches_do_not_hold_it_up(floor: Floor) -> None:
    floor.approve("u1")
    dies(floor, acts=True)
    throw(floor.engine, who=LEAD, name="all", on=True, reason="stop", now=hours(0))
    floor.clock.forward(hours=1)
    assert floor.reconcile().applied == 1


def test_what_was_refused_meanwhile_fails_with_its_code(floor: Floor) -> None:
    (lost,) = floor.approve("u1")
    floor.plan("nobody")
    with pytest.raises(KilledError):
        floor.run(executor=Dying(floor, acts=False), workers=1)
    unknown = floor.row("e-nobody-suspend_account").idempotency_key
    order = Order(unknown, "account_id", "nobody", "suspend_account", "access", '"x"', None)
    with pytest.raises(Exception, match="unknown_target"):
        floor.executor.apply(order)
    floor.clock.forward(hours=1)
    found = floor.reconcile()
    assert (found.failed, found.given_back) == (1, 1)
    row = floor.row("e-nobody-suspend_account")
    assert (row.state, row.code, row.standing) == ("failed", "unknown_target", False)
    assert floor.row(lost).state == "approved"


def test_while_the_service_is_away_all_stays_as_it_is(ledger: Engine, tmp_path: Path) -> None:
    with floor(ledger, tmp_path / "service") as found:
        ids = found.approve(*(f"u{n}" for n in range(5)))
        dies(found, acts=True)
        away = found.executor
        found.clock.forward(hours=2)
    found.executors = {"http": away}
    seen = found.reconcile()
    assert (seen.stopped, seen.left, seen.oldest) == ("unreachable", 5, hours(0))
    assert {found.row(each).state for each in ids} == {"unknown"}


def test_a_service_that_cannot_tell_is_asked_again(ledger: Engine, tmp_path: Path) -> None:
    faults = Faults([Rule("garbled", on=("find",), tries=5)])
    with floor(ledger, tmp_path / "service", faults=faults) as found:
        found.approve("u1")
        dies(found, acts=True)
        found.clock.forward(hours=1)
        seen = found.reconcile()
        assert (seen.unclear, seen.left) == (1, 1)
        assert found.reconcile().applied == 1


def test_more_are_asked_for_than_at_once(floor: Floor) -> None:
    floor.approve(*(f"u{n:03}" for n in range(120)))
    for _ in range(3):
        dies(floor, acts=False)
    floor.clock.forward(hours=1)
    assert floor.reconcile().given_back == 120


def test_what_a_worker_comes_back_with_too_late_is_left_to_who_looked_it_up(floor: Floor) -> None:
    (done,) = floor.approve("u1")

    class Sleeping:
        def apply(self, order: Order) -> Receipt:
            receipt = floor.executor.apply(order)
            floor.clock.forward(hours=1)
            floor.reconcile()
            return receipt

    assert floor.run(executor=Sleeping(), workers=1).applied == 0
    assert floor.row(done).state == "applied"
    assert len(floor.table("strikes")) == len(floor.table("notices")) == 1
