"""Crash schedules in process, and real `kill -9`, between evaluation and Slack; on both databases.

    python -m benchmarks.crashes [--schedules 1000] [--kills 20] [--first 0] [--only sqlite]

Prints what is wrong after each schedule, with its seed, as it is found, and how often each fault
point was crashed at in the end. Nothing wrong: exit code 0.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.crashing import Asked, each, kills
from tests.support.crash_checks import wrongs
from tests.support.crash_kills import killed
from tests.support.crash_schedules import run
from tests.support.crashes import POINTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, and print what came of it."""
    crashes: Counter[str] = Counter()
    wrong = 0
    for asked in each(__doc__, arguments):
        wrong += schedules(asked, crashes)
        wrong += kills(asked, killed, lambda done: f"{done.messages} messages")
    print("\n| fault point | crashes |\n|---|--:|")
    for point in POINTS:
        print(f"| {point} | {crashes[point]} |")
    return 1 if wrong else 0


def schedules(asked: Asked, crashes: Counter[str]) -> int:
    """Run one schedule a seed; how many left something wrong."""
    name, began, wrong, before = asked.name, time.perf_counter(), 0, crashes.total()
    for seed in asked.seeds:
        with (
            tempfile.TemporaryDirectory(dir=asked.folder) as made,
            asked.new(Path(made)) as ledger,
        ):
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
        f"{name}: {len(asked.seeds)} schedules with {happened} crashes in {seconds:.0f} s; "
        f"{wrong} left something wrong.",
        flush=True,
    )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
