"""One measurement in a process of its own: its CPU seconds and its peak memory, as JSON."""

import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.week.generate import END, PRODUCTS, START, generate
from benchmarks.week.monitors.events.actions import CONTRACT
from benchmarks.week.queries import EVENTS, SQL
from monitors.evaluate import Span
from monitors.registry import Registry, discover
from orchestration.duck import connect
from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from orchestration.upkeep import activities_of, build_activity, compact

WEEK = Span(START, END)
LAST_DAY = Span(END - timedelta(days=1), END)
WEEKLY = {"device_rings", "drifting_classifiers", "hopping_accounts", "new_networks"}
TABLE = f"events/{CONTRACT.name}"
NUMBERS = (
    "occurred_at",
    "account_id",
    "ip",
    "device_id",
    "asn",
    "text_hash",
    "classifier_score",
    "reported",
)
NAMES = ("country", "event_type", "product")

Seconds = dict[str, float]


def registry() -> Registry:
    """The ten monitors."""
    return discover(Path(__file__).parent / "monitors", "benchmarks.week.monitors")


def write(root: Path, events: int, accounts: int) -> Seconds:
    """Generate a week, then compact it, as the nightly job does."""
    registry()
    lake = Lake(str(root))
    seconds: Seconds = {}
    with _clock(seconds, "generate"):
        generate(lake, events=events, accounts=accounts)
    with _clock(seconds, "compact"):
        for product in PRODUCTS:
            for day in range(7):
                compact(lake, CONTRACT.name, product, START + timedelta(days=day))
    return seconds


def scan(root: Path) -> Seconds:
    """The bare streaming scan of the eleven columns that the ten read, reduced to one row."""
    registry()
    lake = Lake(str(root))
    seconds: Seconds = {}
    with _clock(seconds, "scan"):
        events = lake.scan(TABLE, lake.products(TABLE), WEEK, schema=CONTRACT.schema)
        events.select(pl.col(NUMBERS).max(), pl.col(NAMES).null_count()).collect(engine="streaming")
    return seconds


def ten(root: Path, findings: Path | None = None) -> Seconds:
    """Evaluate the ten, shared activity included; keep their findings where asked."""
    monitors = registry().monitors.values()
    seconds: Seconds = {}
    with _beside(root) as lake:
        with _clock(seconds, "activity"):
            for activity in activities_of(monitors).values():
                for product in PRODUCTS:
                    build_activity(lake, activity, product, WEEK)
        for monitor in monitors:
            with _clock(seconds, monitor.name):
                span = LAST_DAY if monitor.name in WEEKLY else WEEK
                done = evaluate_span(Run(lake, END + timedelta(hours=1)), monitor, span)
            wrong = [m for m in done if m.status != "complete"]
            if wrong:
                raise RuntimeError(f"{monitor.name}: {wrong[0].status} {wrong[0].error}")
        if findings is not None:
            shutil.copytree(Path(lake.root) / "findings", findings)
    return seconds


def sql(root: Path, findings: Path | None = None) -> Seconds:
    """Run the ten queries in DuckDB; raise unless each finds exactly what its monitor found."""
    seconds: Seconds = {}
    with connect() as connection:
        connection.execute(f"set memory_limit = '2GB'; {EVENTS}".format(files=_files(root)))
        for name, query in SQL.items():
            with _clock(seconds, name):
                found = connection.sql(query).pl()
            if findings is not None:
                _compare(name, found, findings / name)
    return seconds


def _compare(name: str, expected: pl.DataFrame, folder: Path) -> None:
    columns = ["entity", "window_start", "window_end", "score"]
    found = pl.read_parquet(str(folder / "**/*.parquet"), columns=columns)
    times = pl.col("window_start", "window_end").cast(pl.Datetime("us"))
    frames = [
        rows.select(pl.col("entity").cast(pl.String), times, pl.col("score").cast(pl.Float64))
        for rows in (found.with_columns(times.dt.replace_time_zone(None)), expected)
    ]
    ours, theirs = (rows.sort(columns) for rows in frames)
    same = ours.height == theirs.height and ours.drop("score").equals(theirs.drop("score"))
    if not same or (ours["score"] - theirs["score"]).abs().max() not in (None, 0.0):
        raise RuntimeError(f"{name}: {ours.height} findings, {theirs.height} rows in SQL differ")


@contextmanager
def _clock(seconds: Seconds, name: str) -> Iterator[None]:
    """Add the CPU seconds, of all threads, that the body takes."""
    began = time.process_time()
    yield
    seconds[name] = time.process_time() - began


@contextmanager
def _beside(root: Path) -> Iterator[Lake]:
    """A lake with the same events whose other tables are its own and go afterwards."""
    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        (Path(folder) / "events").symlink_to(root / "events")
        yield Lake(folder)


def _files(root: Path) -> str:
    return str(root / TABLE / "**" / "*.parquet")


MEASURES: dict[str, Callable[..., Seconds]] = {"write": write, "scan": scan, "ten": ten, "sql": sql}


def main(kind: str, root: str, *rest: str) -> None:
    """Run one measurement and print its seconds and peak as JSON."""
    arguments = [int(text) if text.isdigit() else Path(text) for text in rest]
    seconds = MEASURES[kind](Path(root), *arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
