"""How fast enforcements are planned, and how fast the ledger moves them, on SQLite.

    python -m benchmarks.throughput [--rows 4000] [--single 400] [--times 3] [--folder FOLDER]
        [--profile plan|sets|single]

The planner takes up decisions of a hundred units each, past every gate and cap, to approved rows.
Set-based transitions are moves of 500 rows in one transaction; single ones have a transaction each.
All are written with their audit rows and synced to the disk of FOLDER, a temporary one by default.
Prints the best and the median of so many times by the wall clock, and the best by CPU time, which
tells what a machine that does nothing else could reach at most.
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine

from orchestration.ledger.database import connect, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.schema import make_ledger
from orchestration.pseudonyms import Pseudonyms
from tests.support.enforcement import LIVE, MONITOR, Room, prompt
from tests.support.ledgers import act, alert, opened

GOALS = {"plan": 500, "sets": 2000, "single": 300}
WORDS = {
    "plan": "enforcements planned",
    "sets": "transitions in sets of 500",
    "single": "transitions singly",
}
UNITS = 100  # of a decision
SET = 500
CAPS: dict[str, Any] = {"per_run": 10**6, "per_day": 10**6, "per_monitor": 10**6}
PARTS: dict[str, Any] = {
    "monitor": MONITOR,
    "product": "chat",
    "harm": "spam",
    "version": 1,
    "entity_type": "account_id",
}
S = EnforcementState


@dataclass
class Crowd(Room):
    """A room whose accounts were all named at once."""

    found: dict[str, str] = field(default_factory=dict)

    def name(self, account: str) -> str:
        """The pseudonym of an account."""
        return self.found[account]


@dataclass(frozen=True)
class Timed:
    """Rows, and the seconds they took: of the clock and of the processor."""

    rows: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.wall


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all, and print it with the goals; 0 if all are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--single", type=int, default=400, help="rows that are moved singly")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the ledgers lie")
    parser.add_argument("--profile", choices=GOALS, help="where the time of one part goes")
    given = parser.parse_args(arguments)
    found: dict[str, list[Timed]] = {name: [] for name in GOALS}
    for _ in range(given.times):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            for name, timed in measured(Path(folder), given.rows, given.single, given.profile):
                found[name].append(timed)
    print(
        "\n| on SQLite | rows | a second: best | median | CPU | goal |\n|---|--:|--:|--:|--:|--:|"
    )
    for name, every in found.items():
        best = max(every, key=lambda timed: timed.rate)
        middle = median(timed.rate for timed in every)
        busy = max(timed.rows / timed.cpu for timed in every)
        print(
            f"| {WORDS[name]} | {best.rows} | {best.rate:.0f} | {middle:.0f} | {busy:.0f} "
            f"| {GOALS[name]} |"
        )
    short = [name for name, every in found.items() if max(t.rate for t in every) < GOALS[name]]
    return 1 if short else 0


def measured(home: Path, rows: int, single: int, profile: str | None) -> list[tuple[str, Timed]]:
    """Plan so many rows in a new ledger, then move them all in sets, and some singly."""
    engine = connect(f"sqlite:///{home / 'ledger.db'}")
    make_ledger(engine, ledger_id="throughput", act=act())
    room = decided(engine, home, rows)
    parts: dict[str, tuple[int, Callable[[], object]]] = {
        "plan": (rows, room.plan),
        "sets": (2 * rows, lambda: in_sets(engine)),
        "single": (2 * single, lambda: singly(engine, single)),
    }
    found = [(name, timed(n, does, shows=name == profile)) for name, (n, does) in parts.items()]
    engine.dispose()
    return found


def timed(rows: int, does: Callable[[], object], *, shows: bool) -> Timed:
    """Do it, and look at both clocks; perhaps show where the time went."""
    profiler = cProfile.Profile() if shows else None
    wall, cpu = time.perf_counter(), time.process_time()
    with profiler or nullcontext():
        does()
    taken = Timed(rows, time.perf_counter() - wall, time.process_time() - cpu)
    if profiler:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)
    return taken


def decided(engine: Engine, home: Path, rows: int) -> Room:
    """So many alerts of as many accounts, decided a hundred at a time."""
    terms = prompt(LIVE)
    caps = replace(terms.enforcement.caps, per_day_share=1.0, **CAPS)
    terms = replace(terms, enforcement=replace(terms.enforcement, caps=caps))
    crowd = Crowd(engine, home, terms, active=10**7)
    accounts = [f"u{number}" for number in range(rows)]
    crowd.found = Pseudonyms(home).remember("account_id", accounts)
    with writing(engine) as connection:
        names = crowd.found.items()
        about = [alert(f"a-{account}", entity=name, **PARTS) for account, name in names]
        opened(connection, *about)
    for at in range(0, rows, UNITS):
        crowd.decide(f"d{at}", *accounts[at : at + UNITS])
    return crowd


def in_sets(engine: Engine) -> None:
    """Approved, executing, applied: each set in a transaction for each move."""
    with writing(engine) as connection:
        ids = list(where(connection, ENFORCEMENTS))
    for state in (S.EXECUTING, S.APPLIED):
        for at in range(0, len(ids), SET):
            move(engine, ids[at : at + SET], state)


def singly(engine: Engine, rows: int) -> None:
    """Applied, reversing, reversed: each row in a transaction for each move."""
    with writing(engine) as connection:
        ids = list(where(connection, ENFORCEMENTS, limit=rows))
    for state in (S.REVERSING, S.REVERSED):
        for name in ids:
            move(engine, [name], state)


def move(engine: Engine, ids: Sequence[str], state: EnforcementState) -> None:
    """Read rows and write them in another state."""
    with writing(engine) as connection:
        before: Mapping[str, Enforcement] = of_ids(connection, ENFORCEMENTS, ids)
        after = [replace(row, state=state) for row in before.values()]
        write(connection, ENFORCEMENTS, before=before, after=after, act=act())


if __name__ == "__main__":
    sys.exit(main())
