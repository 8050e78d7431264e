"""Kills a process again and again with SIGKILL, then lets everything be told and looks at it."""

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.support.crash_checks import wrongs
from tests.support.crash_homes import CHANNELS, prepared
from tests.support.crash_schedules import Installation
from tests.support.crashes import Faults
from tests.support.crashing import BEGIN, DONE
from tests.support.lakes import HOUR
from tests.support.outboxes import Clock
from tests.support.slack_server import SlackServer, running

ROOT = Path(__file__).parents[2]
LONGEST, TIMEOUT = 3.0, 120  # seconds that it may live, and that a round may take


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
            process = _begun(home, ledger, slack, str(seed), str(number))
            time.sleep(rng.uniform(0, LONGEST))
            process.kill()
            assert process.wait() == -signal.SIGKILL, "it ended by itself"
        again = _begun(home, ledger, slack, str(seed), str(times), "once")
        assert again.wait(TIMEOUT) == 0, "it could not do again what was cut off"
        settings = prepared(home, ledger, url=slack.base_url)
        done = home / DONE
        rounds = len(done.read_text(encoding="utf-8")) if done.exists() else 0
        after = BEGIN + (rounds + times) * HOUR  # later than any clock of its lives
        last = Installation(settings, rng, Faults(), Clock(after))
        last.settle()
        last.alerting.engine.dispose()
        sent = sum(map(len, slack.messages.values()))
        return Killed(times, rounds, sent, wrongs(settings, slack.messages))


def _begun(home: Path, ledger: str, slack: SlackServer, *rest: str) -> "subprocess.Popen[bytes]":
    """A life of it, which has begun."""
    command = [sys.executable, "-m", "tests.support.crashing", str(home), ledger, slack.base_url]
    process = subprocess.Popen([*command, *rest], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"begun\n", "it ended before it began"
    return process
