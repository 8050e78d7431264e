"""Kills a process that acts with SIGKILL, again and again; then lets all be done and looks."""

import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from orchestration.ledger.database import connect, reading
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import where
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.reference_service.services import programme
from tests.support.enforcement_crash_checks import wrongs
from tests.support.enforcement_crash_people import ACCOUNTS, FIELDS
from tests.support.enforcement_crash_schedules import prepare
from tests.support.enforcement_crashing import CAPS, ROUNDS

ROOT = Path(__file__).parents[2]
LONGEST, TIMEOUT = 3.0, 240  # seconds that it may live, and that the last may take
SHARES = {"error_after": 0.03, "drop_after": 0.03, "duplicate": 0.05, "drop_before": 0.03}


@dataclass(frozen=True)
class Killed:
    """How often it was killed, what it had done by then, and what is wrong."""

    times: int
    rounds: int
    states: Counter[str]
    wrong: list[str]


def killed(times: int, seed: int, home: Path, ledger: str) -> Killed:
    """Kill it so many times at moments drawn from the seed; the service is a process of its own."""
    rng = Random(seed)  # noqa: S311 - moments, no secret
    prepare(home)
    (home / "service").mkdir()
    with programme(home / "service", shares=SHARES, seed=seed) as service:
        client = service.start()
        for account in ACCOUNTS:
            client.put(account, "account_id", **FIELDS)
        for number in range(times):
            process = _begun(home, ledger, client.url, str(number))
            time.sleep(rng.uniform(0, LONGEST))
            process.kill()
            assert process.wait() == -signal.SIGKILL, "it ended by itself"
        again = _begun(home, ledger, client.url, str(times), "once")
        assert again.wait(TIMEOUT) == 0, "it could not finish what was cut off"
        engine = connect(ledger)
        try:
            with reading(engine) as connection:
                rows = where(connection, ENFORCEMENTS).values()
            cap, names = CAPS["per_day"], Pseudonyms(home)
            none = timedelta(0)  # who is killed has another clock than the service
            wrong = wrongs(engine, client, names, ACCOUNTS, per_day=cap, at_once=cap, late=none)
        finally:
            engine.dispose()
            client.close()
        done = home / ROUNDS
        rounds = len(done.read_text(encoding="utf-8")) if done.exists() else 0
        return Killed(times, rounds, Counter(row.state.value for row in rows), wrong)


def _begun(home: Path, ledger: str, url: str, *rest: str) -> "subprocess.Popen[bytes]":
    """A life of it, which has begun."""
    command = [sys.executable, "-m", "tests.support.enforcement_crashing", str(home), ledger, url]
    process = subprocess.Popen([*command, *rest], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"begun\n", "it ended before it began"
    return process
