"""Makes and writes one world and prints its figures as JSON; `run` starts it with one thread."""

import json
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from orchestration.world.build import happenings_of_week, one_day
from orchestration.world.store import Home, Store, write
from orchestration.world.world import DAY, Table, World

START = datetime(2026, 11, 2, tzinfo=UTC)


def generated(world: World) -> dict[str, float]:
    """Events, CPU seconds of people and campaigns, and CPU seconds of the days."""
    began = time.process_time()
    happenings = [happenings_of_week(world, week) for week in range(-(-world.days // 7))]
    planned = time.process_time()
    events = 0
    for number in range(world.days):
        tables = one_day(world, happenings[number // 7], world.start + number * DAY)
        events += sum(map(len, tables.values()))
    days = time.process_time() - planned
    return {"events": events, "planning": planned - began, "days": days}


def written(world: World) -> dict[str, float]:
    """Events, CPU seconds of making and writing them, and megabytes on disk."""
    events = Counter[Table]()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        store = Store.begin(Home(Path(folder)), world)
        write(store, count=lambda table, rows: events.update({table: rows}), done=lambda _: None)
        took = time.process_time() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    return {"stored_events": events.total(), "stored": took, "megabytes": size / 1e6}


if __name__ == "__main__":
    seed, accounts, days = map(int, sys.argv[1:])
    made = generated(World(seed, accounts, START, days))
    print(json.dumps({**made, **written(World(seed + 100, accounts, START, days))}))
