"""`seasonal_baseline` on the Numenta Anomaly Benchmark: 58 real and made series, 116 windows.

    git clone https://github.com/numenta/NAB && python -m benchmarks.nab.run NAB

Its data are AGPL and so not kept here; without a copy this prints "not measured". One threshold
serves all series. Scored as NAB's standard profile does: the earliest hit in a window counts up
to 1, a missed window -1, a false alarm up to -0.11, the first 15 % of a series (at most 750 rows)
not at all; 100 is perfect and 0 is silence. Source: Lavin and Ahmad, Evaluating Real-Time Anomaly
Detection Algorithms (2015).
"""

import argparse
import json
import math
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monitors.detectors.seasonal_baseline import seasonal_baseline

THRESHOLDS = (4.0, 5.0, 6.0, 8.0, 10.0)
FALSE_ALARM = 0.11
PROBATION, MOST_PROBATION = 0.15, 750.0
FAR = 3.0  # windows behind the last one: a false alarm there costs all it can
STEPS = [timedelta(minutes=m) for m in (1, 5, 10, 15, 30, 60, 120, 1440)]
Window = tuple[int, int]


def main() -> int:
    """Print NAB's score, windows hit and false alarms at each threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("NAB"))
    folder = parser.parse_args().folder
    labels = folder / "labels" / "combined_windows.json"
    if not labels.exists():
        print(f"not measured: '{folder}' holds no copy of NAB")
        return 0
    series = [
        _series(folder / "data" / name, limits)
        for name, limits in sorted(json.loads(labels.read_text(encoding="utf-8")).items())
    ]
    windows = sum(len(found) for _, found in series)
    print(f"{'threshold':>9} {'NAB score':>9} {'windows hit':>11} {'false alarms':>12}")
    for threshold in THRESHOLDS:
        parts = [_scored(scores >= threshold, found) for scores, found in series]
        total, hit, wrong = (sum(part[i] for part in parts) for i in range(3))
        nab = 100 * (total + windows) / (2 * windows)
        print(f"{threshold:>9.0f} {nab:>9.1f} {hit:>7.0f}/{windows} {wrong:>12.0f}")
    return 0


def _series(path: Path, limits: list[list[str]]) -> tuple[NDArray[Any], list[Window]]:
    """Score of each row, and the first and last row of each window."""
    rows = pl.read_csv(path, try_parse_dates=True).select(
        pl.col("timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        pl.col("value").cast(pl.Float64),
    )
    step = rows["timestamp"].diff().median()
    if not isinstance(step, timedelta):
        raise TypeError(f"'{path.name}' has no two rows.")
    bucket = min(STEPS, key=lambda length: abs(math.log(length / max(step, STEPS[0]))))
    scores = seasonal_baseline(
        rows.lazy(), bucket=bucket, value="value", time="timestamp", statistic="mean"
    ).select("score", cell="window_start")
    placed = rows.lazy().with_columns(cell=pl.col("timestamp").dt.truncate(bucket))
    joined = placed.join(scores, on="cell", how="left", maintain_order="left").collect()
    times = [time.replace(tzinfo=None) for time in joined["timestamp"]]
    found = [
        (times.index(datetime.fromisoformat(a)), times.index(datetime.fromisoformat(b)))
        for a, b in limits
    ]
    return joined["score"].fill_null(0.0).to_numpy(), found


def _scored(alarms: NDArray[Any], windows: list[Window]) -> tuple[float, int, int]:
    """NAB's sum for one series, windows hit and false alarms."""
    begin = math.floor(min(PROBATION * len(alarms), MOST_PROBATION))
    outside = np.ones(len(alarms), bool)
    total, hit = 0.0, 0
    for first, last in windows:
        outside[first : last + 1] = False
        seen = [i for i in range(max(first, begin), last + 1) if alarms[i]]
        hit += bool(seen)
        width = last - first + 1
        total += _sigmoid(-(last - seen[0] + 1) / width) / _sigmoid(-1.0) if seen else -1.0
    wrong = [int(i) for i in np.flatnonzero(alarms & outside) if i >= begin]
    return total + FALSE_ALARM * sum(_cost(i, windows) for i in wrong), hit, len(wrong)


def _cost(row: int, windows: list[Window]) -> float:
    """Cost of a false alarm: less shortly after a window."""
    before = [window for window in windows if window[1] < row]
    if not before:
        return -1.0
    first, last = before[-1]
    behind = (row - last) / (last - first)
    return -1.0 if behind > FAR else _sigmoid(behind)


def _sigmoid(position: float) -> float:
    return 2 / (1 + math.exp(5 * position)) - 1


if __name__ == "__main__":
    sys.exit(main())
