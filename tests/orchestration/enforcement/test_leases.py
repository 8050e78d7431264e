"""Workers that come back after somebody else has taken their rows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestration.enforcement.claim import claim
from orchestration.enforcement.record import applied
from orchestration.executors.protocol import Order, Receipt
from tests.support.executing import LIVE, Floor, hours


class KilledError(BaseException):
    """The process is gone; nothing of ours may catch it."""


def test_who_comes_back_leaves_a_row_to_who_has_claimed_it_since(floor: Floor) -> None:
    (done,) = floor.approve("u1")

    class Sleeping:
        def apply(self, order: Order) -> Receipt:
            floor.clock.forward(minutes=20)
            assert floor.reconcile().given_back == 1
            now = floor.clock()
            claim(floor.engine, terms=LIVE, active=lambda _: 10_000, by="other", now=now, limit=10)
            return floor.executor.apply(order)

    assert floor.run(executor=Sleeping(), workers=1).applied == 0
    row = floor.row(done)
    assert (row.state, row.leased_by, row.attempts) == ("executing", "other", 2)
    assert floor.table("strikes") == floor.table("notices") == []
    floor.clock.forward(minutes=10)
    assert floor.reconcile().applied == 1
    assert floor.effects() == {("applied", "e-u1-suspend_account"): 1}


def test_who_comes_back_from_a_restoration_leaves_it_to_who_has_it_now(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    floor.reverse(done)

    class Dying:
        def restore(self, order: Order, *, of: str, prior: str) -> Receipt:
            floor.executor.restore(order, of=of, prior=prior)
            raise KilledError

    class Sleeping:
        def restore(self, order: Order, *, of: str, prior: str) -> Receipt:
            floor.clock.forward(minutes=10)
            with pytest.raises(KilledError):
                floor.undo(executor=Dying())
            return floor.executor.restore(order, of=of, prior=prior)

    undone = floor.undo(executor=Sleeping())
    assert (undone.restored, undone.left) == (0, 1)
    row = floor.row(done)
    assert (row.state, row.leased_until) == ("reversing", hours(0) + timedelta(minutes=20))
    floor.clock.forward(minutes=10)
    assert floor.undo().restored == 1
    assert len(floor.table("notices")) == 2
    assert floor.effects().total() == 2


def test_a_one_off_holds_its_target_no_longer_once_it_is_done(floor: Floor) -> None:
    ids = [*floor.approve("u1", action="warn"), *floor.approve("u2")]
    receipt = Receipt("k", "applied", "r", "null", None)
    rows = [replace(floor.row(each), standing=True) for each in ids]
    one_off, lasting = (applied(row, receipt, hours(0), LIVE.enforcement) for row in rows)
    assert (one_off.standing, lasting.standing) == (False, True)
