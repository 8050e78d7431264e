import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestration.executors.batch import apply_all
from orchestration.executors.dry_run import Refusing
from orchestration.executors.errors import (
    ConfigurationError,
    DryRunError,
    Refused,
    Slow,
    Unclear,
    Unreachable,
)
from orchestration.executors.protocol import Order
from orchestration.reference_service.faults import Faults, Rule
from tests.orchestration.reference_service.services import Client, Clock, order, running

SHARES = {"error_before": 0.1, "error_after": 0.1, "drop_after": 0.1, "duplicate": 0.1}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with running(tmp_path) as found:
        yield found


def crowd(client: Client, number: int) -> list[Order]:
    """An order for each of so many accounts."""
    names = [f"a{n}" for n in range(number)]
    fields = {"access": "active"}
    rows = [{"target_type": "account", "target": name, "fields": fields} for name in names]
    assert client.ask("PUT", "/v1/targets", {"targets": rows})[0] == 200
    return [order(f"k-{name}", name) for name in names]


def test_twenty_threads_with_one_key_have_one_effect(client: Client) -> None:
    executor = client.executor()
    together = threading.Barrier(20)

    def apply(_: int) -> object:
        together.wait()
        return executor.apply(order())

    with ThreadPoolExecutor(20) as pool:
        receipts = set(pool.map(apply, range(20)))
    assert len(receipts) == 1
    assert client.effects() == [("applied", "k1")]


def test_twenty_threads_that_undo_one_order_have_one_effect(client: Client) -> None:
    executor = client.executor()
    executor.apply(order())

    def restore(number: int) -> str:
        return executor.restore(order(f"r{number}"), of="k1", prior='"active"').outcome

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(restore, range(20))) == {"restored"}
    assert client.value() == "active"
    assert [kind for kind, _ in client.effects()] == ["applied", "restored"]


def test_many_orders_are_each_carried_out_once_whatever_fails(tmp_path: Path) -> None:
    with running(tmp_path, faults=Faults(shares=SHARES, seed=7)) as client:
        orders = crowd(client, 300)
        done = dict(apply_all(client.executor(), orders, workers=8))
        assert [getattr(done[one], "outcome", None) for one in orders] == ["applied"] * 300
        assert Counter(client.effects()) == {("applied", one.key): 1 for one in orders}


def test_one_that_is_refused_keeps_no_other_back(client: Client) -> None:
    orders = [*crowd(client, 10), order("k-nobody", "nobody")]
    done = dict(apply_all(client.executor(), orders, workers=2))
    assert len(done) == 11
    refused = done.pop(orders[-1])
    assert isinstance(refused, Refused)
    assert {getattr(result, "outcome", None) for result in done.values()} == {"applied"}


def test_nothing_is_begun_after_the_switch_was_thrown(client: Client) -> None:
    asked = iter([True, True, True])
    orders = crowd(client, 50)
    done = list(apply_all(client.executor(), orders, workers=1, go_on=lambda: next(asked, False)))
    assert [one.key for one, _ in done] == ["k-a0", "k-a1", "k-a2"]
    assert client.effects() == [("applied", one.key) for one, _ in done]


def test_a_service_that_is_away_is_not_asked_for_every_order() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = Client(f"http://127.0.0.1:{free.getsockname()[1]}", Clock())
    orders = [order(f"k{n}") for n in range(1000)]
    done = list(apply_all(client.executor(), orders, workers=2))
    assert 1 <= len(done) <= 2
    assert {type(result) for _, result in done} == {Unreachable}


def test_a_busy_service_is_left_alone(tmp_path: Path) -> None:
    faults = Faults([Rule("busy", keys=("k-a3",), tries=99)], seconds=3600)
    with running(tmp_path, faults=faults) as client:
        done = list(apply_all(client.executor(), crowd(client, 50), workers=1))
        assert [one.key for one, _ in done] == ["k-a0", "k-a1", "k-a2", "k-a3"]
        assert isinstance(done[-1][1], Slow)


def test_a_service_that_does_not_know_us_is_asked_once(client: Client) -> None:
    done = list(apply_all(client.executor(b"x" * 32), crowd(client, 50), workers=1))
    assert [getattr(result, "code", None) for _, result in done] == ["wrong_signature"]


def test_a_batch_in_dry_run_ends_at_once(client: Client) -> None:
    done = list(apply_all(Refusing(client.executor()), crowd(client, 50), workers=1))
    assert [type(result) for _, result in done] == [DryRunError]
    assert client.effects() == []


def test_a_service_that_says_nothing_is_left_alone_after_ten_orders(tmp_path: Path) -> None:
    with running(tmp_path, faults=Faults([Rule("error_before", tries=99)])) as client:
        done = list(apply_all(client.executor(), crowd(client, 50), workers=1))
        assert [type(result) for _, result in done] == [Unclear] * 10


def test_a_few_that_stay_unclear_keep_no_other_back(tmp_path: Path) -> None:
    keys = [f"k-a{n}" for n in range(50) if n % 10]
    with running(tmp_path, faults=Faults([Rule("error_after", keys=keys, tries=99)])) as client:
        results = dict(apply_all(client.executor(), crowd(client, 50), workers=1))
        assert len(results) == 50
        assert sum(isinstance(result, Unclear) for result in results.values()) == 45


def test_who_stops_listening_begins_no_more(tmp_path: Path) -> None:
    with running(tmp_path, faults=Faults([Rule("slow", on=("apply",))], seconds=0.1)) as client:
        orders = crowd(client, 100)
        results = apply_all(client.executor(), orders, workers=2)
        next(results)
        results.close()
        effects = client.effects()
        assert 1 <= len(effects) < 100
        executor = client.executor()
        found = [one.key for one in orders if executor.find(one.key)]
        assert sorted(found) == sorted(key for _, key in effects if key)


def test_a_fault_of_our_own_is_raised_when_what_was_done_is_told(client: Client) -> None:
    times = iter([client.clock()] * 3)
    orders = crowd(client, 10)
    results = apply_all(client.executor(clock=lambda: next(times)), orders, workers=1)
    assert {next(results)[0].key for _ in range(3)} == {"k-a0", "k-a1", "k-a2"}
    with pytest.raises(ExceptionGroup, match="Orders could not be applied") as error:
        next(results)
    assert len(error.value.exceptions) == 1


def test_a_key_that_comes_twice_is_refused_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(ConfigurationError, match="Two orders have one key"):
        apply_all(client.executor(), [order(), order()], workers=1)
    assert client.effects() == []
