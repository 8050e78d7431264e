"""Every benchmark, one after the other, each in a process of its own.

    python -m benchmarks [--quick]

What cannot be run here says "not measured" and why; no number is ever stored and shown again.
"""

import argparse
import subprocess
import sys

FULL = {
    "ElastAlert 2's rule classes and ours": ["benchmarks.elastalert.run"],
    "Ten monitors on a week": ["benchmarks.week.run"],
    "A look-back of seven days, every hour": ["benchmarks.week.lookback"],
    "What Dagster adds": ["benchmarks.dagster_cost.run"],
    "A simulated world": ["benchmarks.world.run"],
    "Every monitor on a million rows": ["benchmarks.monitors.run"],
    "The scoreboard on simulated worlds": ["benchmarks.scoreboard.run"],
    "The seasonal baseline on NAB": ["benchmarks.nab.run"],
    "Crashes between evaluation and Slack": ["benchmarks.crashes"],
    "A week of alerts": ["benchmarks.alerting_week"],
}
QUICK = {
    "benchmarks.elastalert.run": ["--quick"],
    "benchmarks.week.run": ["--quick"],
    "benchmarks.week.lookback": ["--quick"],
    "benchmarks.dagster_cost.run": ["--events", "2e6", "--rounds", "2"],
    "benchmarks.world.run": ["--accounts", "20000", "--days", "2", "--rounds", "1"],
    "benchmarks.monitors.run": ["--rows", "100000", "--accounts", "4000"],
    "benchmarks.scoreboard.run": ["--seeds", "99", "--accounts", "2000", "--page", "scoreboard.md"],
    "benchmarks.nab.run": [],
    "benchmarks.crashes": ["--schedules", "20", "--kills", "2"],
    "benchmarks.alerting_week": ["--accounts", "300"],
}


def main() -> int:
    """Run all and say which failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="Fewer events and rounds.")
    quick = parser.parse_args().quick
    failed = []
    for title, command in FULL.items():
        print(f"\n## {title}\n", flush=True)
        options = QUICK[command[0]] if quick else []
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", *command, *options], check=False
        )
        if done.returncode:
            print(f"not measured: it ended with {done.returncode}", flush=True)
            failed.append(title)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
