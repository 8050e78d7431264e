"""A simulated week of operations: from alerts to cases, decisions, actions, appeals and back.

    python -m benchmarks.operations_week [--live] [--accounts 300] [--days 7] [--seed 7]
        [--home FOLDER]

A small world is evaluated hour by hour by every shipped monitor, and by one that is bad on
purpose. Simulated reviewers of known skill work their shifts. Without `--live` all is planned in
dry-run; with it the same week runs besides in live, against the reference service over HTTP, with
faults, two outages, a kill switch, appeals, and a batch reversal of all that the bad monitor did.
Exits with 1 where ledger and service do not agree, or an account was not restored.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.alerting.lakes import evaluate, watching, week, written
from benchmarks.operations.agreement import wrongs
from benchmarks.operations.figures import figures
from benchmarks.operations.office import office
from benchmarks.operations.page import page
from benchmarks.operations.product import Clock, product
from benchmarks.operations.truth import truth_of
from benchmarks.operations.week import BAD, Week
from monitors.registry import Registry, discover
from orchestration.partitions import HOUR

AFTER = timedelta(minutes=5)
HERE = Path(__file__).parent / "operations" / "monitors"
SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, and print a page of Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", action="store_true", help="in live, too")
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--days", type=int, default=7, choices=range(1, 8))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--home", type=Path, help="a folder that is kept")
    given = parser.parse_args(arguments)
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="watchfloor-week-") as folder, ExitStack() as stack:
        home = given.home or Path(folder)
        weeks = simulated(stack, home, given)
        found = [(one, figures(one.office, one.end), wrongs(one.office)) for one in weeks]
    print("\n".join(page(found)))
    took = time.perf_counter() - began
    print(f"\nIn all {took:.0f} s, {time.process_time() - cpu:.0f} s of CPU.")
    for one, _, wrong in found:
        for text in wrong[:SHOWN]:
            print(f"{'live' if one.office.live else 'dry-run'}: {text}", file=sys.stderr)
    lost = [one for one, _, _ in found if one.undone is None or one.undone.wrong]
    return 1 if lost or any(wrong for _, _, wrong in found) else 0


def simulated(stack: ExitStack, home: Path, given: argparse.Namespace) -> list[Week]:
    """The weeks, dry-run first, after nothing in them is under way any more."""
    lake = written(home / "world", seed=given.seed, accounts=given.accounts)
    bad = discover(HERE, "benchmarks.operations.monitors")
    known = Registry({**watching().monitors, BAD: bad.get(BAD)}, {})
    truth = truth_of(home / "world")
    weeks = []
    for live in (False, True) if given.live else (False,):
        at = home / ("live" if live else "dry_run")
        made = stack.enter_context(product(at / "product", Clock(week().start)))
        place = office(at, lake=lake.root, registry=known, truth=truth, product=made, live=live)
        weeks.append(Week(place, week().start, given.days))
    monitors, now = list(known.monitors.values()), week().start + HOUR + AFTER
    while now <= weeks[0].end + AFTER:
        since = datetime.now(UTC)
        evaluate(lake, monitors, now)
        truth.learn(lake, monitors, now)
        for one in weeks:
            one.hour(now, since)
        if now.hour % 6 == 0:
            print(f"{now:%a %H:%M}", {k: round(w.seconds) for k, w in enumerate(weeks)}, flush=True)
        now += HOUR
    for one in weeks:
        one.settles()
    return weeks


if __name__ == "__main__":
    sys.exit(main())
