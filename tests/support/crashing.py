"""A process to be killed: it evaluates, takes in and sends, on and on.

    python -m tests.support.crashing HOME LEDGER SLACK_URL SEED KILLED [once]

What it evaluates is drawn from SEED; which of it is done, a file in HOME says. Its clock is later
by five minutes for each time that it was KILLED, so that what it had leased may be taken again.
It says `begun` when it begins. With `once` it ends by itself after a round.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from monitors.evaluate import Span
from orchestration.alerting import Alerting
from orchestration.evaluation import Run, evaluate_span
from orchestration.manifests import Intent
from tests.support.crash_homes import (
    GATHERED,
    MONITORS,
    REGISTRY,
    START,
    Failed,
    amended,
    drawn,
    prepared,
    write,
)
from tests.support.lakes import HOUR

BEGIN = START - timedelta(days=28)  # a Monday: the tests' server writes later times than these
DONE = "rounds"
DEADLINE = timedelta(seconds=2)


@dataclass
class Going:
    """A clock that goes, and can be put on."""

    ahead: timedelta = timedelta(0)
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """The time."""
        return BEGIN + self.ahead + timedelta(seconds=time.monotonic() - self.began)

    def reach(self, moment: datetime) -> None:
        """Let it be that time at least."""
        self.ahead += max(timedelta(0), moment - self())


def rounds(seed: int) -> Iterator[tuple[datetime, Failed, Intent]]:
    """What to evaluate: each hour when it ended, and again when late rows came."""
    rng = Random(seed)  # noqa: S311 - a schedule, no secret
    for number in count():
        hour, failed = BEGIN + number * HOUR, drawn(rng)
        yield hour, failed, "live"
        yield hour, amended(rng, failed), "late"


def main(home: Path, ledger: str, url: str, seed: int, killed: int, *, once: bool) -> None:
    """Go on until killed, or do one round."""
    alerting = Alerting(prepared(home, ledger, url=url), REGISTRY)
    clock, done = Going(), home / DONE
    known = len(done.read_text(encoding="utf-8")) if done.exists() else 0
    print("begun", flush=True)  # noqa: T201 - read by who kills it
    for number, (hour, failed, intent) in enumerate(rounds(seed)):
        if number < known:
            continue
        clock.reach(hour + HOUR + (1 + killed) * GATHERED)  # never back: it lives no five minutes
        write(alerting.lake, hour, failed)
        for monitor in MONITORS:
            evaluate_span(Run(alerting.lake, clock(), intent), monitor, Span(hour, hour + HOUR))
        with done.open("a", encoding="utf-8") as file:
            file.write(".")
        alerting.take_in(clock())
        alerting.drain(clock, deadline=DEADLINE)
        if once:
            return


if __name__ == "__main__":
    place, ledger, url, seed, killed = sys.argv[1:6]
    main(Path(place), ledger, url, int(seed), int(killed), once="once" in sys.argv)
