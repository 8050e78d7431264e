"""Several processes that drain one outbox, and processes that are killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.outboxes import many, put, tally

ROOT = Path(__file__).parents[3]
NAMES = [f"n{number:02}" for number in range(60)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "pages"
    found.mkdir()
    return found


def start(url: str, folder: Path, ahead: float, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.outbox_drainer", url, str(folder), str(ahead)]
    return subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def count(process: subprocess.Popen[str]) -> int:
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    return int(said)


def pages(folder: Path) -> dict[str, str]:
    return {page.name: page.read_text() for page in folder.iterdir()}


def test_drains_at_once_send_each_message_once(ledger: Engine, url: str, folder: Path) -> None:
    put(ledger, *many(NAMES, kind="act"))
    started = [start(url, folder, 0) for _ in range(3)]
    assert sum(count(process) for process in started) == 60
    assert pages(folder) == dict.fromkeys(NAMES, "sent\n")
    assert tally(ledger) == {"sent": 60}


def test_what_a_killed_drain_had_sent_is_found_and_not_sent_again(
    ledger: Engine, url: str, folder: Path
) -> None:
    put(ledger, *many(NAMES, kind="act"))
    process = start(url, folder, 0, "hang")
    assert process.stdout is not None
    assert process.stdout.readline() == "sent\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert len(pages(folder)) == 1
    assert count(start(url, folder, 0)) == 50  # ten are the dead one's, for a minute
    assert count(start(url, folder, 61)) == 10
    assert pages(folder) == dict.fromkeys(NAMES, "sent\n")
    assert tally(ledger) == {"sent": 60}
