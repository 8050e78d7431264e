"""Two planners at once plan a decision once: threads and processes, on both databases."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from orchestration.ledger.database import reading
from orchestration.ledger.verify import verify
from tests.support.enforcement import LIVE, Room, prompt
from tests.support.ledgers import count

ROOT = Path(__file__).parents[3]
NAMES = tuple(f"account-{number}" for number in range(20))


@pytest.fixture
def room(ledger: Engine, tmp_path: Path) -> Room:
    found = Room(ledger, tmp_path, terms=prompt(LIVE))
    found.decide("d1", *NAMES)
    return found


def assert_once(room: Room, made: list[int]) -> None:
    assert sorted(made) == [0] * (len(made) - 1) + [1]
    assert len(room.rows()) == 20
    assert {row.state.value for row in room.rows().values()} == {"approved"}
    with reading(room.engine) as connection:
        assert count(connection, "batches") == 1
        assert verify(connection, seals=[]).wrong == ""


def test_threads(room: Room) -> None:
    together = Barrier(4)

    def one(_: int) -> int:
        together.wait()
        return len(room.plan())

    with ThreadPoolExecutor(4) as pool:
        assert_once(room, list(pool.map(one, range(4))))


def test_processes(room: Room, url: str) -> None:
    command = [sys.executable, "-m", "tests.support.planner", url, str(room.home)]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    made = [int(process.communicate(timeout=120)[0]) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert_once(room, made)
