"""Crash schedules in process, and real `kill -9`, from a plan to the notice of an appeal.

    python -m benchmarks.enforcement_crashes [--schedules 1000] [--kills 20] [--first 0]
        [--only sqlite]

On both databases, against the reference service over HTTP. Prints what is wrong after a schedule,
with its seed, as it is found; in the end how often each fault point was crossed, and crashed at.
Nothing wrong: exit code 0.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crashes import DATABASES, ledgers
from tests.support.crash_ledgers import New
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=DATABASES)
    given = parser.parse_args(arguments)
    sums, wrong = Sums(), 0
    for name in [given.only] if given.only else DATABASES:
        with (
            tempfile.TemporaryDirectory(prefix="watchfloor-crashes-") as folder,
            ledgers(name, Path(folder)) as new,
        ):
            seeds = range(given.first, given.first + given.schedules)
            wrong += schedules(name, seeds, new, Path(folder), sums)
            wrong += kills(name, given.kills, new, Path(folder) / "killed")
    print("\n| fault point | crossed | crashes |\n|---|--:|--:|")
    for point in POINTS:
        print(f"| {point} | {sums.crossed[point]} | {sums.crashed[point]} |")
    return 1 if wrong else 0


def schedules(name: str, seeds: range, new: New, folder: Path, sums: Sums) -> int:
    """Run one schedule a seed; how many left something wrong."""
    began, wrong = time.perf_counter(), 0
    before, rows = sums.crashed.total(), Counter[str]()
    for number, seed in enumerate(seeds, 1):
        found, states = one(name, seed, new, folder, sums)
        wrong += bool(found)
        rows.update(states)
        if number % EVERY == 0 or number == len(seeds):
            seconds = time.perf_counter() - began
            print(
                f"{name}: {number} schedules with {sums.crashed.total() - before} crashes in "
                f"{seconds:.0f} s; {wrong} left something wrong. Rows: {dict(rows)}",
                flush=True,
            )
    return wrong


def one(name: str, seed: int, new: New, folder: Path, sums: Sums) -> tuple[list[str], Counter[str]]:
    """Run one schedule: what is wrong, and its rows by state."""
    with tempfile.TemporaryDirectory(dir=folder) as made, new(Path(made)) as ledger:
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


def kills(name: str, times: int, new: New, home: Path) -> int:
    """Kill a process so many times; whether that left something wrong."""
    if not times:
        return 0
    with new(home) as ledger:
        done = killed(times, 1, home, ledger)
    for text in done.wrong:
        print(f"{name}, killed: {text}")
    print(
        f"{name}: killed {done.times} times with SIGKILL, {done.rounds} rounds done, rows: "
        f"{dict(done.states)}; {len(done.wrong)} things wrong.",
        flush=True,
    )
    return bool(done.wrong)


if __name__ == "__main__":
    sys.exit(main())
