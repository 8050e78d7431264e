"""How fast a world is made, and made and written: events per CPU second of one core.

    python -m benchmarks.world.run [--accounts 100000] [--days 7] [--rounds 3]

People, campaigns and days are made as `watchfloor world` makes them; written days are compacted
Parquet, restricted text apart. Each round is a process of its own, so nothing is remembered, with
one thread for Polars and one for NumPy; starting it is left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

GOAL = 300_000  # events generated per CPU second
ONE = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def measured(seed: int, accounts: int, days: int) -> dict[str, float]:
    """The figures of `measure` for one world."""
    command = [sys.executable, "-m", "benchmarks.world.measure", str(seed), str(accounts)]
    done = subprocess.run(
        [*command, str(days)], env={**os.environ, **ONE}, stdout=subprocess.PIPE, check=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Measure and print; a seed a round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    made, stored = [], []
    print("| events | people, campaigns | days | generated a second | written too | MB |")
    print("|--:|--:|--:|--:|--:|--:|")
    for number in range(1, asked.rounds + 1):
        found = measured(number, asked.accounts, asked.days)
        made.append(found["events"] / (found["planning"] + found["days"]))
        stored.append(found["stored_events"] / found["stored"])
        spent = f"{found['planning']:.1f} s | {found['days']:.1f} s"
        speeds = f"{made[-1]:,.0f} | {stored[-1]:,.0f} | {found['megabytes']:,.0f}"
        print(f"| {found['events']:,} | {spent} | {speeds} |", flush=True)
    median = statistics.median(made)
    print(f"\nGenerated: {median:,.0f} events a CPU second, {median / GOAL:.1f} times the goal.")
    print(f"Generated and written: {statistics.median(stored):,.0f}.")


if __name__ == "__main__":
    main()
