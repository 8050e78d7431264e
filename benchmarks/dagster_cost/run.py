"""What Dagster adds to a tick: the same work in a run and by hand, in turn, in one process.

    python -m benchmarks.dagster_cost.run [--events 20000000] [--rounds 6] [--stock]

An empty tick is the shipped hourly tick on a lake without events. A full one is the ten monitors of
the benchmark week on one hour that holds all its events; `--events 0` leaves it out. Dagster is
set up as `orchestration.deployment` does it; with `--stock` the empty tick is also measured on the
storage that Dagster itself would take. Seconds are a run's own, from its start to its end; CPU
seconds, of all threads, include its creation, with an event for each asset and check planned.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
from dagster_duckdb import DuckDBResource

from assets.activity import activity_assets, readers_of
from assets.events import event_assets, own_products, read_by
from assets.monitors import monitor_assets
from benchmarks.dagster_cost.launched import launched
from benchmarks.week import generate
from monitors.evaluate import Span
from monitors.registry import Registry, contract_of, discover, registry
from orchestration.deployment import instance_config
from orchestration.evaluation import Run
from orchestration.health.history import history
from orchestration.health.volume import arrivals, newest
from orchestration.lake import Lake
from orchestration.partitions import HOUR, key_of
from orchestration.resources import Clock, LakeResource
from orchestration.settings import load
from orchestration.timeline import RANGE_END, RANGE_START
from orchestration.upkeep import activities_of, build_activity
from orchestration.watch import record_outcomes, watch

TICK = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW = TICK + 2 * HOUR


def by_hand(found: Registry, lake: Lake, span: Span) -> None:
    """Do what the hourly tick does, without Dagster."""
    for product in own_products(found):
        for contract in read_by(product, found):
            arrivals(lake, product, contract, [span.start])
            newest(lake, product, contract)
        for activity in activities_of(readers_of(product, found)).values():
            if activity.contract in read_by(product, found):
                build_activity(lake, activity, product, span)
    run = Run(lake, NOW)
    for product in found.products:
        monitors = [m for m in found.monitors.values() if m.product == product and m.every == "1h"]
        past = history(lake, product, until=span.end, days=28)
        record_outcomes(run, product, [watch(run, m, span, past) for m in monitors])


def in_dagster(found: Registry, lake: Lake, instance: dg.DagsterInstance) -> tuple[float, float]:
    """Run the hourly tick as one run; gives the seconds from its start to its end, and of CPU."""
    assets = [*event_assets(found), *activity_assets(found), *monitor_assets(found)]
    hourly = [
        s.key
        for a in assets
        for s in a.specs
        if isinstance(s.partitions_def, dg.HourlyPartitionsDefinition)
    ]
    key = key_of(TICK, "1h")
    began = time.process_time()
    done = dg.materialize(
        assets,
        selection=dg.AssetSelection.assets(*hourly),
        instance=instance,
        resources={
            "lake": LakeResource(
                root=lake.root, home=lake.root, sample_rate=0.01, sample_seed="bench"
            ),
            "clock": Clock(at=NOW.isoformat()),
            "duckdb": DuckDBResource(database=":memory:"),
        },
        tags={RANGE_START: key, RANGE_END: key},
        raise_on_error=False,
    )
    cpu = time.process_time() - began
    record = instance.get_run_records(dg.RunsFilter(run_ids=[done.run_id]))[0]
    if record.start_time is None or record.end_time is None:
        raise RuntimeError("The run has no start or no end; look at its log.")
    return record.end_time - record.start_time, cpu


def seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds of a piece of work."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


def shipped(folder: str) -> dg.DagsterInstance:
    """Dagster as this project sets it up."""
    settings = load({"WATCHFLOOR_HOME": folder})
    settings.dagster_home.mkdir(parents=True)
    config = instance_config(settings)
    return dg.DagsterInstance.local_temp(str(settings.dagster_home), overrides=config)


def compare(
    name: str, found: Registry, lake: Lake, rounds: int, made: dg.DagsterInstance
) -> dict[str, float | str]:
    """Both ways, each first in turn; medians. One run of each before is not counted."""
    span = Span(TICK, TICK + HOUR)
    hand, dagster = [], []
    with made as instance:
        in_dagster(found, lake, instance)
        by_hand(found, lake, span)
        for number in range(rounds):
            if number % 2:  # who comes second finds the files in the page cache
                dagster.append(in_dagster(found, lake, instance))
            hand.append(seconds(lambda: by_hand(found, lake, span)))
            if not number % 2:
                dagster.append(in_dagster(found, lake, instance))
    pairs = list(zip(dagster, hand, strict=True))
    added, cpu = (statistics.median(d[i] - h[i] for d, h in pairs) for i in range(2))
    work = statistics.median(wall for wall, _ in hand)
    return {
        "tick": name,
        "by hand, s": round(work, 2),
        "in Dagster, s": round(statistics.median(wall for wall, _ in dagster), 2),
        "added, s": round(added, 2),
        "least, s": round(min(d[0] - h[0] for d, h in pairs), 2),
        "added, share": f"{added / work:.1%}",
        "added, CPU s": round(cpu, 2),
    }


def one_hour(week: Lake, lake: Lake) -> int:
    """Put a whole week's events into one hour; returns how many."""
    total = 0
    contract = contract_of("actions")
    for product in week.products("events/actions"):
        span = Span(generate.START, generate.END)
        rows = week.scan("events/actions", [product], span, schema=contract.schema)
        within = pl.col("occurred_at") - pl.col("occurred_at").dt.truncate("1h")
        moved = rows.with_columns(occurred_at=pl.lit(TICK) + within)
        path = lake.hour_path("events/actions", product, TICK)
        lake.replace(path, moved)
        total += int(pl.scan_parquet(str(path)).select(pl.len()).collect().item())
    return total


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=lambda text: int(float(text)), default=20_000_000)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--stock", action="store_true", help="Dagster's own storage as well")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watchfloor-bench-") as folder:
        empty, every, rounds = Lake(f"{folder}/empty"), registry(), asked.rounds
        show(compare("empty", every, empty, rounds, shipped(f"{folder}/home")))
        if asked.stock:
            own = dg.DagsterInstance.local_temp()
            show(compare("empty, Dagster's own storage", every, empty, rounds, own))
        if asked.events:
            show(_full(folder, asked.events, rounds))
    print(launched())


def show(row: dict[str, float | str]) -> None:
    """Print one result as soon as it is there."""
    with pl.Config(tbl_cols=-1, tbl_width_chars=140, fmt_str_lengths=40):
        print(pl.DataFrame([row]), flush=True)


def _full(folder: str, events: int, rounds: int) -> dict[str, float | str]:
    week, hour = Lake(f"{folder}/week"), Lake(f"{folder}/hour")
    ten = discover(Path(generate.__file__).parent / "monitors", "benchmarks.week.monitors")
    generate.generate(week, events=events, accounts=max(events // 20, 1000))
    total = one_hour(week, hour)
    return compare(f"{total:,} events", ten, hour, rounds, shipped(f"{folder}/full"))


if __name__ == "__main__":
    main()
