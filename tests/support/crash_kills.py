"""Kills a process again and again with SIGKILL, then lets everything be told and looks at it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import IO

from tests.support.crash_checks import wrongs
from tests.support.crash_homes import CHANNELS, prepared
from tests.support.crash_schedules import Installation
from tests.support.crashes import Faults
from tests.support.crashing import BEGIN, DONE
from tests.support.lakes import HOUR
from tests.support.outboxes import Clock
from tests.support.slack_server import SlackServer, running

ROOT = Path(__file__).parents[2]
LONGEST = 3.0  # seconds that it may live


@dataclass(frozen=True)
class Killed:
    """How often it was killed, what it had done by then, and what is wrong."""

    times: int
    rounds: int
    messages: int
    wrong: list[str]


def killed(times: int, seed: int, home: Path, ledger: str) -> Killed:
    """Kill it so many times at moments drawn from the seed; each time it goes on by itself."""
    rng = Random(seed)  # noqa: S311 - moments, no secret
    with running() as slack:
        slack.messages = {channel: [] for channel in CHANNELS}
        for number in range(times):
            with _life(home, ledger, slack, seed, number):
                time.sleep(rng.uniform(0, LONGEST))
        with _life(home, ledger, slack, seed, times) as said:
            assert said.readline(), "it ended before it did again what was cut off"
        settings = prepared(home, ledger, url=slack.base_url)
        done = home / DONE
        rounds = len(done.read_text(encoding="utf-8")) if done.exists() else 0
        after = BEGIN + (rounds + times) * HOUR  # later than any clock of its lives
        last = Installation(settings, rng, Faults(), Clock(after))
        last.settle()
        last.alerting.engine.dispose()
        sent = sum(map(len, slack.messages.values()))
        return Killed(times, rounds, sent, wrongs(settings, slack.messages))


@contextmanager
def _life(
    home: Path, ledger: str, slack: SlackServer, seed: int, number: int
) -> Iterator[IO[bytes]]:
    """One life of it: what it says from its beginning on, until it is killed."""
    command = [sys.executable, "-m", "tests.support.crashing", str(home), ledger]
    process = subprocess.Popen(
        [*command, slack.base_url, str(seed), str(number)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"begun\n", "it ended before it began"
        yield process.stdout
        assert process.poll() is None, "it ended by itself"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
