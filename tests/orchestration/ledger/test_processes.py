"""Several processes on one ledger, and processes that are killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import alerts
from orchestration.ledger.verify import verify
from tests.support.ledgers import count

ROOT = Path(__file__).parents[3]


def start(url: str, name: str, number: int, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.ledger_writer", url, name, str(number), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


def assert_whole(ledger: Engine) -> int:
    """The ledger is sound and every alert has its acts and its intent; how many there are."""
    with reading(ledger) as connection:
        assert verify(connection, seals=[]).wrong == ""
        found = count(connection, "alerts")
        assert connection.execute(select(alerts.c.state).distinct()).all() in ([], [("firing",)])
        assert count(connection, "outbox") == found
        assert count(connection, "audit") == 1 + 3 * found
        return found


def test_processes_that_write_at_once_lose_nothing_and_make_no_fork(
    ledger: Engine, url: str
) -> None:
    started = [start(url, name, 25) for name in ("p1", "p2", "p3")]
    assert [process.wait(timeout=200) for process in started] == [0, 0, 0]
    for process in started:
        process.communicate()
    assert assert_whole(ledger) == 75
    with reading(ledger) as connection:
        assert [entry.seq for entry in entries(connection)] == list(range(1, 227))


def test_a_process_killed_inside_a_transaction_leaves_what_was_committed(
    ledger: Engine, url: str
) -> None:
    process = start(url, "p1", 4, "hang")
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    kill(process)
    assert assert_whole(ledger) == 3
    with writing(ledger):
        pass  # the lock of the dead does not last


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_process_killed_at_any_moment_leaves_a_sound_ledger(
    ledger: Engine, url: str, seed: int
) -> None:
    process = start(url, "p1", 100_000)
    while True:
        with reading(ledger) as connection:
            if count(connection, "alerts"):
                break
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0, 0.5))  # noqa: S311 - any moment
    kill(process)
    before = assert_whole(ledger)
    assert before >= 1
    again = start(url, "p2", 2)
    assert again.wait(timeout=120) == 0
    again.communicate()
    assert assert_whole(ledger) == before + 2
