"""A week's look-back every hour: from hourly and daily activity, against reading the week again.

    python -m benchmarks.week.lookback [--events 20e6] [--accounts 1e6] [--ticks 6] [--quick]

Both sides evaluate the same three monitors of one product through the same framework. The side
that reads activity also pays for making it: the hour's at every tick, and a twenty-fourth of the
nightly roll-up. Figures are median CPU seconds a tick; both sides must score and flag alike.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.week.generate import START, generate
from benchmarks.week.lookback_monitors import DESIGNS
from benchmarks.week.measure import registry
from monitors.activity import Activity
from monitors.contract import Monitor
from monitors.evaluate import Span
from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from orchestration.manifests import Manifest
from orchestration.partitions import DAY, HOUR
from orchestration.upkeep import activities_of, build_activity, build_daily, compact

PRODUCT, CONTRACT = "chat", "actions"
TODAY = START + 7 * DAY
GOAL = "1/10"

Seconds = dict[str, list[float]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate eight days, evaluate some hours of the last one both ways, print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=float, default=20e6, help="of six products, a week")
    parser.add_argument("--accounts", type=float, default=1e6)
    parser.add_argument("--ticks", type=int, default=6)
    parser.add_argument("--quick", action="store_true", help="a million events, two ticks")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.events, chosen.accounts, chosen.ticks = 1e6, 5e4, 2
    registry()
    seconds: Seconds = {}
    with tempfile.TemporaryDirectory(prefix="watchfloor-lookback-") as folder:
        lake = Lake(str(Path(folder) / "lake"))
        generate(lake, events=int(chosen.events), accounts=int(chosen.accounts), days=8)
        for day in range(7):
            compact(lake, CONTRACT, PRODUCT, START + day * DAY)
        activities = list(activities_of(m for _, m in DESIGNS["every entity"]).values())
        for day in range(7):
            _close(lake, activities, START + day * DAY, seconds)
        for n in range(24):
            hour = TODAY + n * HOUR
            with _clock(seconds, "hour"):
                _build(lake, activities, Span(hour, hour + HOUR))
            if n in range(1, 23, 24 // chosen.ticks):
                _tick(lake, hour, seconds)
    print(report(int(chosen.events), seconds))


def report(events: int, seconds: Seconds) -> str:
    """The result as Markdown: each design, what making activity costs, and the sum."""
    typical = {name: median(found) for name, found in seconds.items()}
    made = typical["hour"] + typical["night"] / 24
    lines = [
        f"Product `{PRODUCT}` of {events:,} events a week; goal: {GOAL} of reading again.",
        "",
        "| | reading again | from activity | share |",
        "|---|---:|---:|---:|",
    ]
    for design, pairs in DESIGNS.items():
        sums = [0.0, made]
        for raw, fast in pairs:
            slow, quick = typical[raw.name], typical[fast.name]
            lines.append(_row(f"`{fast.name}`", slow, quick))
            sums = [sums[0] + slow, sums[1] + quick]
        lines.append(_row(f"**{design}, activity made**", *sums))
    lines += ["", f"Making activity: {made:.3f} s a tick, in the sums."]
    return "\n".join(lines)


def _row(name: str, slow: float, quick: float) -> str:
    return f"| {name} | {slow:.3f} s | {quick:.3f} s | 1/{slow / quick:.1f} |"


def _close(lake: Lake, activities: Sequence[Activity], day: datetime, seconds: Seconds) -> None:
    """One day's activity as it stands after its night."""
    _build(lake, activities, Span(day, day + DAY))
    with _clock(seconds, "night"):
        for activity in activities:
            build_daily(lake, activity, PRODUCT, day)


def _build(lake: Lake, activities: Sequence[Activity], span: Span) -> None:
    for activity in activities:
        build_activity(lake, activity, PRODUCT, span)


def _tick(lake: Lake, hour: datetime, seconds: Seconds) -> None:
    run = Run(lake, hour + HOUR)
    for pairs in DESIGNS.values():
        for pair in pairs:
            results = [_evaluate(run, monitor, hour, seconds) for monitor in pair]
            counts = {(m.status, m.flagged, m.near, m.bulk, m.null) for m in results}
            if len(counts) != 1 or results[0].status != "complete":
                raise RuntimeError(f"{pair[1].name}: both ways differ: {sorted(counts)}")


def _evaluate(run: Run, monitor: Monitor, hour: datetime, seconds: Seconds) -> Manifest:
    with _clock(seconds, monitor.name):
        return evaluate_span(run, monitor, Span(hour, hour + HOUR))[0]


@contextmanager
def _clock(seconds: Seconds, name: str) -> Iterator[None]:
    """Note the CPU seconds, of all threads, that the body takes."""
    began = time.process_time()
    yield
    seconds.setdefault(name, []).append(time.process_time() - began)


if __name__ == "__main__":
    main()
