"""What counts kept per key would cost an hourly tick: a design that was measured and not built.

    python -m benchmarks.week.running_sums [--events 20e6] [--accounts 1e6] [--rounds 5]

The state of a key after an hour is its state before, and the hour that enters, less the hour that
leaves. Keys are packed in one integer and sorted, so that a merge is a search. What is kept must
be what activity adds up to. Thresholds are applied to scores that are there for nothing: no state,
however kept, makes a tick cost less. Figures are median CPU seconds, of all threads.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.week.generate import generate
from benchmarks.week.lookback import CONTRACT, PRODUCT, TODAY
from benchmarks.week.lookback_monitors import BY_ACCOUNT, BY_PAIR, DESIGNS, WEEK
from benchmarks.week.measure import registry
from monitors.activity import Activity, hourly
from monitors.evaluate import Span, evaluate
from monitors.registry import contract_of
from orchestration.evaluation import Run, evaluate_span
from orchestration.inputs import Inputs
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR
from orchestration.upkeep import compact

AT = TODAY + 10 * HOUR
State = tuple[NDArray[np.uint64], NDArray[np.int64]]
Result = TypeVar("Result")


class Steps(dict[str, list[float]]):
    """CPU seconds by step."""

    def timed(self, step: str, work: Callable[[], Result]) -> Result:
        """What the work gives, its time noted."""
        began = time.process_time()
        found = work()
        self.setdefault(step, []).append(time.process_time() - began)
        return found


def main() -> None:
    """Generate eight days, move the state by an hour, print what each step takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=float, default=20e6, help="of six products, a week")
    parser.add_argument("--accounts", type=float, default=1e6)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    registry()
    steps = Steps()
    with tempfile.TemporaryDirectory(prefix="watchfloor-sums-") as folder:
        lake = Lake(str(Path(folder) / "lake"))
        generate(lake, events=int(chosen.events), accounts=int(chosen.accounts), days=8)
        for day in range(7):
            compact(lake, CONTRACT, PRODUCT, TODAY - WEEK + day * DAY)
        for _ in range(chosen.rounds):
            for activity in (BY_ACCOUNT, BY_PAIR):
                _tick(lake, activity, Path(folder) / "state.parquet", steps)
            _bounds(lake, steps)
    rows = [f"| {step} | {median(found):.3f} s |" for step, found in steps.items()]
    print("\n".join(["| step of a tick | CPU |", "|---|---:|", *rows]))


def moved(before: State, entering: State, leaving: State) -> State:
    """The state an hour later. All three are sorted by key, each key once."""
    keys, counts = before[0], before[1].copy()
    counts[np.searchsorted(keys, leaving[0])] -= leaving[1]
    at = np.searchsorted(keys, entering[0])
    known = keys[np.minimum(at, len(keys) - 1)] == entering[0]
    counts[at[known]] += entering[1][known]
    kept = counts > 0
    keys, counts, new = keys[kept], counts[kept], entering[0][~known]
    at = np.searchsorted(keys, new)
    return np.insert(keys, at, new), np.insert(counts, at, entering[1][~known])


def _tick(lake: Lake, activity: Activity, path: Path, steps: Steps) -> None:
    name = activity.name
    pl.DataFrame(_state(lake, activity, AT - WEEK, AT)).write_parquet(path, compression="lz4")
    before = steps.timed(f"`{name}`, state read", lambda: _read(path))
    entering = steps.timed(
        f"`{name}`, the hour counted", lambda: _state(lake, activity, AT, AT + HOUR)
    )
    leaving = _state(lake, activity, AT - WEEK, AT - WEEK + HOUR)
    after = steps.timed(f"`{name}`, merge", lambda: moved(before, entering, leaving))
    rows = pl.DataFrame(after)
    steps.timed(f"`{name}`, write", lambda: rows.write_parquet(path, compression="lz4"))
    wanted = _state(lake, activity, AT - WEEK + HOUR, AT + HOUR)
    if not all(np.array_equal(a, b) for a, b in zip(after, wanted, strict=True)):
        raise RuntimeError(f"{name}: the counts that were kept differ from the week's events.")


def _state(lake: Lake, activity: Activity, start: datetime, end: datetime) -> State:
    """Counts of a span by key, counted from its events."""
    schema = contract_of(CONTRACT).schema
    events = lake.scan(f"events/{CONTRACT}", [PRODUCT], Span(start, end), schema=schema)
    key = pl.lit(0, pl.UInt64)
    for column in activity.by:
        key = key * 2**32 + pl.col(column).cast(pl.UInt64)
    found = (
        hourly(activity, events)
        .group_by(key=key)
        .agg(pl.col("events").sum())
        .sort("key")
        .collect(engine="streaming")
    )
    return found["key"].to_numpy(), found["events"].to_numpy()


def _read(path: Path) -> State:
    found = pl.read_parquet(path)
    return found.to_series(0).to_numpy(), found.to_series(1).to_numpy()


def _bounds(lake: Lake, steps: Steps) -> None:
    """Reading the week again, and thresholds alone, for the three monitors of each kind."""
    span, run = Span(AT, AT + HOUR), Run(lake, AT + HOUR)
    for raw, _ in DESIGNS["every entity"]:
        steps.timed(f"`{raw.name}`, all of it", partial(evaluate_span, run, raw, span))
        tables = Inputs(lake, PRODUCT).tables(raw, span)
        ready = raw.score(**tables).collect(engine="streaming").lazy()
        steps.timed(
            f"`{raw.name}`, thresholds alone",
            partial(evaluate, raw, ready, span, seed=run.seed, rate=run.rate),
        )


if __name__ == "__main__":
    main()
