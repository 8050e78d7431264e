"""A simulated fortnight whose second week is evaluated hour by hour."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Registry, registry
from orchestration.evaluation import Run, evaluate_span
from orchestration.inputs import EVENTS
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR, day_of, starts
from orchestration.upkeep import activities_of, baselines_of, build_activity, build_baseline
from orchestration.world.store import PRODUCTS, Home, Store, write
from orchestration.world.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
HISTORY, WATCHED = 7, 7  # days before the first that is evaluated, and days that are


def watching() -> Registry:
    """Every shipped monitor but drafts."""
    return registry().watching()


def written(folder: Path, *, seed: int, accounts: int) -> Lake:
    """Write a world, and what upkeep would have made of it each night."""
    home, world = Home(folder), World(seed, accounts, START, HISTORY + WATCHED)
    write(Store.begin(home, world, PRODUCTS), count=lambda _table, _rows: None, done=lambda _: None)
    monitors = list(watching().monitors.values())
    for activity in activities_of(monitors).values():
        for product in home.lake.products(f"{EVENTS}/{activity.contract}"):
            build_activity(home.lake, activity, product, Span(START, world.end))
    for declared in baselines_of(monitors).values():
        for product in home.lake.products(f"{EVENTS}/{declared.activity.contract}"):
            for day in starts(week(), "1d"):
                build_baseline(home.lake, declared, product, day)
    return home.lake


def week() -> Span:
    """The days that are evaluated."""
    first = START + HISTORY * DAY
    return Span(first, first + WATCHED * DAY)


def evaluate(lake: Lake, monitors: Sequence[Monitor], now: datetime) -> int:
    """Evaluate what ended last: the hour, and after midnight the day; how many manifests."""
    end = now.replace(minute=0, second=0, microsecond=0)
    ended = {"1h": Span(end - HOUR, end)}
    if end == day_of(end):
        ended["1d"] = Span(end - DAY, end)
    chosen = [monitor for monitor in monitors if monitor.every in ended]
    run = Run(lake, now)
    return sum(len(evaluate_span(run, monitor, ended[monitor.every])) for monitor in chosen)
