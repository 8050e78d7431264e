from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from orchestration.executors.errors import Refused
from tests.orchestration.reference_service.services import Client, Clock, order, running

AT_13, AT_14 = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (13, 14))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(tmp_path: Path, clock: Clock) -> Iterator[Client]:
    with running(tmp_path, clock=clock) as found:
        yield found


def test_a_value_ends_by_itself_at_its_time_and_not_before(client: Client, clock: Clock) -> None:
    client.executor().apply(order(until=AT_13))
    clock.now = AT_13 - timedelta(microseconds=1)
    assert client.value() == "suspended"
    clock.now = AT_13
    assert client.value() == "active"
    assert client.effects() == [("applied", "k1"), ("ended", "k1")]
    assert client.log()[-1]["at"] == "2026-03-02T13:00:00.000000+00:00"


def test_a_time_in_another_zone_is_the_same_moment(client: Client, clock: Clock) -> None:
    tokyo = timezone(timedelta(hours=9))
    client.executor().apply(order(until=datetime(2026, 3, 2, 22, tzinfo=tokyo)))
    clock.now = AT_13 - timedelta(seconds=1)
    assert client.value() == "suspended"
    clock.now = AT_13
    assert client.value() == "active"


def test_what_ended_by_itself_is_restored_by_nothing(client: Client, clock: Clock) -> None:
    executor = client.executor()
    executor.apply(order(until=AT_13))
    clock.now = AT_13
    assert executor.restore(order("r1"), of="k1", prior='"active"').outcome == "restored"
    assert client.effects() == [("applied", "k1"), ("ended", "k1")]


def test_a_shorter_order_leaves_a_longer_one_as_it_is(client: Client, clock: Clock) -> None:
    executor = client.executor()
    executor.apply(order("k1", until=AT_14))
    assert executor.apply(order("k2", until=AT_13)).outcome == "already"
    clock.now = AT_13
    assert client.value() == "suspended"
    clock.now = AT_14
    assert client.value() == "active"


def test_a_longer_order_outlasts_a_shorter_one_and_gives_back_what_is_left_of_it(
    client: Client, clock: Clock
) -> None:
    executor = client.executor()
    executor.apply(order("k1", until=AT_13))
    receipt = executor.apply(order("k2", until=None))
    assert (receipt.outcome, receipt.prior) == ("applied", '"suspended"')
    assert executor.restore(order("r1"), of="k2", prior='"suspended"').now == '"suspended"'
    clock.now = AT_13
    assert client.value() == "active"


def test_what_an_order_would_give_back_may_have_ended_meanwhile(
    client: Client, clock: Clock
) -> None:
    executor = client.executor()
    executor.apply(order("k1", until=AT_13))
    executor.apply(order("k2", value='"banned"', until=AT_14))
    clock.now = AT_14
    assert client.value() == "active"
    assert client.effects()[2:] == [("ended", "k2"), ("ended", "k1")]


def test_what_is_under_another_order_is_given_back_after_it(client: Client) -> None:
    executor = client.executor()
    executor.apply(order("k1"))
    executor.apply(order("k2", value='"banned"'))
    assert executor.restore(order("r1"), of="k1", prior='"active"').outcome == "changed_since"
    assert client.value() == "banned"
    assert executor.restore(order("r2"), of="k2", prior='"suspended"').outcome == "restored"
    assert executor.restore(order("r3"), of="k1", prior='"active"').outcome == "restored"
    assert client.value() == "active"


def test_fields_of_one_target_do_not_touch_each_other(client: Client) -> None:
    client.put(messages="open")
    executor = client.executor()
    executor.apply(order("k1"))
    executor.apply(order("k2", action_class="messages", value='"restricted"'))
    executor.restore(order("r1"), of="k1", prior='"active"')
    assert (client.value(), client.value(name="messages")) == ("active", "restricted")


def test_an_order_whose_end_has_passed_is_refused_but_its_receipt_is_kept(
    client: Client, clock: Clock
) -> None:
    executor = client.executor()
    receipt = executor.apply(order("k1", until=AT_13))
    clock.now = AT_13
    assert executor.apply(order("k1", until=AT_13)) == receipt
    with pytest.raises(Refused, match="plan it again") as error:
        executor.apply(order("k2", until=AT_13))
    assert error.value.code == "already_over"
    assert client.value() == "active"
