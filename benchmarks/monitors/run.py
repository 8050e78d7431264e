"""How long each shipped monitor's function takes on a million rows of the tables it reads.

    python -m benchmarks.monitors.run [--rows 1000000] [--monitor web/scraping]

The rows are one day of a simulated world, repeated under other ids until there are enough; the two
weeks before hold that day once a week, so that baselines have as many keys; where a window
reaches back, the rows in it are a million in all. Activity and baselines
are made beforehand, as upkeep makes them. Seconds are of the wall clock on this machine, best of
three; the goal is under two.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

import polars as pl

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import contract_of, registry
from orchestration.backtest import score
from orchestration.evaluation import raw_tables
from orchestration.inputs import EVENTS, PLATFORM, TEXT
from orchestration.lake import Lake
from orchestration.partitions import DAY, starts
from orchestration.upkeep import activities_of, baselines_of, build_activity, build_baseline
from orchestration.world.build import happenings, one_day
from orchestration.world.world import Tables, World

TODAY = datetime(2026, 3, 11, tzinfo=UTC)
AGES = (0, 7, 14)  # days before today on which the day's rows happen
GOAL = 2.0
ROUNDS = 3
IDS = ("_id", "_hash", "ip")


def main() -> int:
    """Measure, print a line per monitor, and fail if any takes longer than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--monitor", action="append")
    given = parser.parse_args()
    chosen = [m for m in registry().monitors.values() if not given.monitor or m.id in given.monitor]
    simulated = _simulated(given.accounts)
    slow = 0
    print(f"{'monitor':44} {'rows':>10} {'seconds':>8}", flush=True)
    for monitor in chosen:
        with tempfile.TemporaryDirectory() as folder:
            measured = _measure(Lake(folder), monitor, simulated, int(given.rows))
        if measured is None:
            print(f"{monitor.id:44} not measured: the world has no such events", flush=True)
            continue
        rows, seconds = measured
        slow += seconds >= GOAL
        print(f"{monitor.id:44} {rows:>10,} {seconds:>8.2f}", flush=True)
    return 1 if slow else 0


def _simulated(accounts: int) -> Tables:
    """One day in the middle of a simulated week."""
    world = World(1, accounts, TODAY - 2 * DAY, 7)
    return one_day(world, happenings(world), TODAY)


def _measure(
    lake: Lake, monitor: Monitor, simulated: Tables, rows: int
) -> tuple[int, float] | None:
    read = {contract for _, contract in raw_tables(monitor)}
    wanted = {
        table: frame
        for table, frame in simulated.items()
        if table[1] in read and frame.height and monitor.product in {table[0], PLATFORM}
    }
    if {contract for _, contract in wanted} != read:
        return None
    days = sum(timedelta(days=age) <= monitor.window for age in AGES)
    for contract in read:
        share = [(product, name) for product, name in wanted if name == contract]
        for table in share:
            _fill(lake, table, wanted[table], rows // len(read) // len(share) // days)
    _prepare(lake, monitor, [product for product, _ in wanted])
    span = Span(TODAY, TODAY + DAY)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        score(lake, monitor, span).collect(engine="streaming")
        times.append(time.perf_counter() - began)
    return rows, min(times)


def _fill(lake: Lake, table: tuple[str, str], frame: pl.DataFrame, rows: int) -> None:
    """Write a day with so many rows, today and on the days before."""
    product, name = table
    contract = contract_of(name)
    many = _repeated(frame, rows)
    for age in AGES:
        moved = many.with_columns(pl.col("occurred_at", "received_at") - timedelta(days=age))
        day = TODAY - age * DAY
        events = moved.select(contract.schema.names()).sort(contract.account, "occurred_at")
        lake.replace(lake.day_path(f"{EVENTS}/{name}", product, day), events)
        if contract.text:
            texts = moved.select(contract.text_schema.names())
            lake.replace(lake.day_path(f"{TEXT}/{name}", product, day), texts)


def _repeated(frame: pl.DataFrame, rows: int) -> pl.DataFrame:
    """The frame's rows again and again, each time under other ids, cut to a number of rows."""
    ids = [n for n, d in frame.schema.items() if d == pl.String and n.endswith(IDS)]
    copies = [
        frame.with_columns(pl.col(ids) + f"~{number}") if number else frame
        for number in range(-(-rows // frame.height))
    ]
    return pl.concat(copies).head(rows)


def _prepare(lake: Lake, monitor: Monitor, products: list[str]) -> None:
    for activity in activities_of([monitor]).values():
        for product in set(products) & set(lake.products(f"{EVENTS}/{activity.contract}")):
            for day in lake.days(f"{EVENTS}/{activity.contract}", product):
                build_activity(lake, activity, product, Span(day, day + DAY))
    for declared in baselines_of([monitor]).values():
        for product in set(products) & set(lake.products(f"{EVENTS}/{declared.activity.contract}")):
            for day in starts(Span(TODAY, TODAY + DAY), "1d"):
                build_baseline(lake, declared, product, day)


if __name__ == "__main__":
    sys.exit(main())
