"""The scoreboard: every shipped monitor on simulated worlds that nobody looked at before.

    python -m benchmarks.scoreboard.run [--seeds 271828 314159 577215] [--page docs/scoreboard.md]

Makes one world per seed in a temporary folder, 21 days of which the last seven are evaluated, and
writes the page. A seed on the page is used up: whoever tunes a monitor after reading it takes new
ones. Seeds 1 to 99 are for development.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from monitors.registry import registry
from orchestration.scoreboard.page import met, page
from orchestration.scoreboard.run import score
from orchestration.scoreboard.tables import Trial, variants
from orchestration.world.store import PRODUCTS, Home, Store, write
from orchestration.world.world import World

SEEDS = (271828, 314159, 577215)
START, DAYS = datetime(2026, 3, 2, tzinfo=UTC), 21


def main() -> int:
    """Make the worlds, score them, write the page, and say what was reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--page", type=Path, default=Path("docs/scoreboard.md"))
    given = parser.parse_args()
    monitors = registry().watching().monitors
    products = sorted({monitor.product for monitor in monitors.values()})
    trials = []
    for seed in given.seeds:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            trials.append(_trial(Path(folder), World(seed, given.accounts, START, DAYS)))
        print(f"seed {seed}: {time.perf_counter() - began:.0f} s", flush=True)
    given.page.write_text(page(trials, sorted(monitors), products), encoding="utf-8")
    for row in variants(trials).iter_rows(named=True):
        print(f"{row['variant']:8} recall {row['recall']:.3f}, target {row['target']}")
    print("every target is met" if met(trials, products) else "NOT every target is met")
    return 0


def _trial(folder: Path, world: World) -> Trial:
    store = Store.begin(Home(folder), world, PRODUCTS)
    write(store, count=lambda _table, _rows: None, done=lambda _day: None)
    return score(folder, registry().watching().monitors.values())


if __name__ == "__main__":
    sys.exit(main())
