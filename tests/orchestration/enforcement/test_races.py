"""Many workers on the same rows: threads, processes, and processes that are killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from orchestration.enforcement.reverse import OfMonitor, reverse_monitor
from orchestration.ledger.database import reading
from orchestration.ledger.verify import verify
from tests.support.executing import LEAD, MONITOR, Floor, hours

ROOT = Path(__file__).parents[3]
EVERYBODY = [f"u{n:03}" for n in range(60)]
ALL = OfMonitor(MONITOR, hours(0))


def at_once(number: int, act: Callable[[], int]) -> int:
    """The sum of what so many threads counted, begun together."""
    together = threading.Barrier(number)

    def one(_: int) -> int:
        together.wait()
        return act()

    with ThreadPoolExecutor(number) as pool:
        return sum(pool.map(one, range(number)))


def assert_agreed(floor: Floor, value: str, effects: int) -> None:
    """Ledger and service say the same of everybody, and nothing was done twice."""
    assert {floor.value(name) for name in EVERYBODY} == {value}
    assert floor.effects().total() == effects
    assert set(floor.effects().values()) == {1}
    assert len(floor.table("strikes")) == 60
    with reading(floor.engine) as connection:
        assert verify(connection, seals=[]).wrong == ""


def test_threads_that_execute_at_once_apply_each_key_once(floor: Floor) -> None:
    floor.approve(*EVERYBODY)
    assert at_once(4, lambda: floor.run(workers=2).applied) == 60
    assert_agreed(floor, "suspended", 60)


def test_threads_race_for_one_key_and_one_has_it(floor: Floor) -> None:
    for number in range(5):
        floor.approve(f"v{number}")
        assert at_once(6, lambda: floor.run(workers=1).applied) == 1
    assert set(floor.effects().values()) == {1}


def test_threads_that_undo_at_once_restore_each_once(floor: Floor) -> None:
    floor.approve(*EVERYBODY)
    floor.run()
    reverse_monitor(floor.engine, who=LEAD, which=ALL, reason="bad rule", now=hours(0))
    assert at_once(4, lambda: floor.undo().restored) == 60
    assert_agreed(floor, "active", 120)


def test_who_asks_for_one_reversal_at_once_means_the_same(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    assert at_once(6, lambda: floor.reverse(done).size) == 1
    assert len(floor.table("reversals")) == 1


def test_threads_that_reconcile_at_once_record_each_once(floor: Floor) -> None:
    floor.approve(*EVERYBODY)
    assert at_once(4, lambda: _lost(floor)) == 60
    floor.clock.forward(minutes=1)
    assert at_once(4, lambda: floor.reconcile().applied) == 60
    assert_agreed(floor, "suspended", 60)


class Lossy:
    """The real executor, whose answers are lost."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def apply(self, order: object) -> object:
        self.floor.executor.apply(order)
        raise RuntimeError("lost")


def _lost(floor: Floor) -> int:
    """Execute so that nobody knows what came of it; how many rows."""
    number = 0
    while True:
        before = floor.states()["unknown"]
        try:
            floor.run(executor=Lossy(floor), workers=1, limit=1)
        except ExceptionGroup:
            number += 1
            continue
        assert floor.states()["unknown"] >= before
        return number


def test_the_ledger_has_a_key_only_once_among_what_may_be_done(floor: Floor) -> None:
    floor.approve("u1", idempotency_key="k1", enforcement_id="e1", batch_id="b1")
    floor.approve("u2", batch_id="b2")
    with pytest.raises(IntegrityError):
        floor.plan("u3", idempotency_key="k1", enforcement_id="e2", batch_id="b2")


def test_a_target_has_only_one_standing_row_of_a_class(floor: Floor) -> None:
    floor.approve("u1")
    with pytest.raises(IntegrityError):
        floor.plan("u1", action="suspend_24h", batch_id="b2")


def start(floor: Floor, url: str, minutes: float, *more: str) -> subprocess.Popen[str]:
    home, service = str(floor.names.home), floor.client.url
    command = [sys.executable, "-m", "tests.support.enforcer", url, home, service, str(minutes)]
    return subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def counted(process: subprocess.Popen[str]) -> tuple[int, int]:
    """How many rows a process applied and restored."""
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    applied, restored = said.split()
    return int(applied), int(restored)


def killed(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "sent\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


def test_processes_that_execute_at_once_apply_each_key_once(floor: Floor, url: str) -> None:
    floor.approve(*EVERYBODY)
    started = [start(floor, url, 0) for _ in range(3)]
    assert sum(counted(process)[0] for process in started) == 60
    assert_agreed(floor, "suspended", 60)


def test_what_a_killed_process_had_done_is_found_and_not_done_again(floor: Floor, url: str) -> None:
    floor.approve(*EVERYBODY)
    killed(start(floor, url, 0, "hang", "20"))
    assert floor.states() == {"executing": 50, "approved": 10}
    floor.clock.forward(minutes=30)
    floor.reconcile()
    floor.run()
    assert floor.states() == {"applied": 60}
    assert_agreed(floor, "suspended", 60)


def test_a_killed_reversal_is_gone_on_with(floor: Floor, url: str) -> None:
    floor.approve(*EVERYBODY)
    floor.run()
    reverse_monitor(floor.engine, who=LEAD, which=ALL, reason="bad rule", now=hours(0))
    killed(start(floor, url, 0, "hang", "20"))
    floor.clock.forward(minutes=30)
    assert floor.undo().restored == 60
    assert floor.states() == {"reversed": 60}
    assert_agreed(floor, "active", 120)
