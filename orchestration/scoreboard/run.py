"""Every monitor over the last week of a simulated world, through the same code as a backtest."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from monitors.contract import Monitor
from monitors.evaluate import Span
from orchestration.backtest import run
from orchestration.inputs import EVENTS, PLATFORM
from orchestration.lake import Lake
from orchestration.partitions import DAY, starts
from orchestration.scoreboard.judge import judge
from orchestration.scoreboard.tables import Trial
from orchestration.upkeep import activities_of, baselines_of, build_activity, build_baseline

EVALUATED = timedelta(days=7)
Step = Callable[[str], None]


class WorldError(ValueError):
    """A world that cannot be scored; the message says what is missing."""


def score(home: Path, monitors: Iterable[Monitor], *, step: Step | None = None) -> Trial:
    """Judge what the monitors find in the last week of the world in a folder.

    Activity and baselines are made first, as upkeep makes them every night. Raises WorldError
    where the folder holds no world. `step` is called with each monitor's id as it is evaluated.
    """
    seed, start, end = _world(home)
    span = Span(max(end - EVALUATED, start), end)
    lake, chosen = Lake(str(home / "lake")), list(monitors)
    _prepare(lake, chosen, span)
    found = []
    for monitor in chosen:
        if step is not None:
            step(monitor.id)
        found.append(run(lake, monitor, span).findings)
    truth = pl.read_parquet(home / "truth" / "actors.parquet")
    recent = truth.filter(pl.col("end") >= span.start)
    days = (span.end - span.start) // DAY
    return Trial(seed, days, recent, judge(pl.concat(found), truth))


def _world(home: Path) -> tuple[int, datetime, datetime]:
    """Seed, start and end of the world in a folder."""
    path = home / "world.json"
    if not path.exists():
        raise WorldError(f"'{home}' holds no world; make one: watchfloor world --out {home}")
    found = json.loads(path.read_text(encoding="utf-8"))
    start = datetime.fromisoformat(found["start"])
    return int(found["seed"]), start, start + int(found["days"]) * DAY


def _prepare(lake: Lake, monitors: list[Monitor], span: Span) -> None:
    """Store the activity of every day and the baselines of the days evaluated, once."""
    for activity in activities_of(monitors).values():
        for product in _readers(lake, monitors, activity.contract):
            for day in lake.days(f"{EVENTS}/{activity.contract}", product):
                path = lake.day_path(f"activity/{activity.name}", product, day)
                if not path.exists():
                    build_activity(lake, activity, product, Span(day, day + DAY))
    for declared in baselines_of(monitors).values():
        for product in _readers(lake, monitors, declared.activity.contract):
            for day in starts(span, "1d"):
                build_baseline(lake, declared, product, day)


def _readers(lake: Lake, monitors: list[Monitor], contract: str) -> list[str]:
    """Products whose events of a contract some monitor's activity or baseline rests on."""
    wanted = {
        m.product
        for m in monitors
        for a in (*m.activity, *(b.activity for b in m.baseline))
        if a.contract == contract
    }
    there = lake.products(f"{EVENTS}/{contract}")
    return there if PLATFORM in wanted else [p for p in there if p in wanted]
