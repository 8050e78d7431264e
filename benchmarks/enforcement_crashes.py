"""Crash schedules in process, and real `kill -9`, from a plan to the notice of an appeal.

    python -m benchmarks.enforcement_crashes [--schedules 1000] [--kills 20] [--first 0]
        [--only sqlite]

On both databases, against the reference service over HTTP. Prints what is wrong after a schedule,
with its seed, as it is found; in the end how often each fault point was crossed, and crashed at.
Nothing wrong: exit code 0.
"""

import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crashing import Asked, each, kills
from tests.support.enforcement_crash_kills import killed
from tests.support.enforcement_crash_schedules import run
from tests.support.enforcement_crashes import POINTS

EVERY = 25  # schedules between two lines of progress


@dataclass
class Sums:
    """Counts over all schedules of both databases."""

    crossed: Counter[str] = field(default_factory=Counter)
    crashed: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, and print what came of it."""
    sums, wrong = Sums(), 0
    for asked in each(__doc__, arguments):
        wrong += schedules(asked, sums)
        wrong += kills(asked, killed, lambda done: f"rows: {dict(done.states)}")
    print("\n| fault point | crossed | crashes |\n|---|--:|--:|")
    for point in POINTS:
        print(f"| {point} | {sums.crossed[point]} | {sums.crashed[point]} |")
    return 1 if wrong else 0


def schedules(asked: Asked, sums: Sums) -> int:
    """Run one schedule a seed; how many left something wrong."""
    name, began, wrong = asked.name, time.perf_counter(), 0
    before, rows = sums.crashed.total(), Counter[str]()
    for number, seed in enumerate(asked.seeds, 1):
        found, states = one(asked, seed, sums)
        wrong += bool(found)
        rows.update(states)
        if number % EVERY == 0 or number == len(asked.seeds):
            seconds = time.perf_counter() - began
            print(
                f"{name}: {number} schedules with {sums.crashed.total() - before} crashes in "
                f"{seconds:.0f} s; {wrong} left something wrong. Rows: {dict(rows)}",
                flush=True,
            )
    return wrong


def one(asked: Asked, seed: int, sums: Sums) -> tuple[list[str], Counter[str]]:
    """Run one schedule: what is wrong, and its rows by state."""
    name = asked.name
    with tempfile.TemporaryDirectory(dir=asked.folder) as made, asked.new(Path(made)) as ledger:
        try:
            ran = run(seed, Path(made), ledger)
        except Exception as error:  # noqa: BLE001 - reported as wrong; the next seed goes on
            print(f"{name}, seed {seed} raised:", *traceback.format_exception(error), flush=True)
            return ["raised"], Counter()
    sums.crossed.update(ran.faults.crossed)
    sums.crashed.update(ran.faults.crashes)
    for text in ran.wrong:
        print(f"{name}, seed {seed}, after {ran.faults.crashes}: {text}", flush=True)
    return ran.wrong, ran.states


if __name__ == "__main__":
    sys.exit(main())
