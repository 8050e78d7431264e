"""Ten ordinary monitors over a week of events: their cost in bare scans, and their peak memory.

    python -m benchmarks.week.run [--events 20e6] [--accounts 1e6] [--rounds 3] [--quick]

Every measurement runs in a process of its own; the bare scan and the ten take turns, so that a
slow minute of the machine meets both. What is compared is CPU seconds, of all threads.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

GOAL = 15  # bare scans
MEGABYTES = 1000
LARGE = 50_000_000  # events from which the larger memory goal holds
MEGABYTES_LARGE = 1500


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds by step and peak memory in megabytes of one process."""

    seconds: dict[str, float]
    peak: float

    @property
    def total(self) -> float:
        """CPU seconds of all steps."""
        return sum(self.seconds.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate a week, measure, and print a page of Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=float, default=20e6)
    parser.add_argument("--accounts", type=float, default=1e6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="two million events, one round")
    parser.add_argument("--lake", type=Path, help="a week generated before, to be used again")
    parser.add_argument("--no-sql", action="store_true", help="skip the DuckDB versions")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.events, chosen.accounts, chosen.rounds = 2e6, 1e5, 1
    with tempfile.TemporaryDirectory(prefix="watchfloor-week-") as folder:
        lake = chosen.lake or Path(folder) / "lake"
        written = None
        if not (lake / "events").exists():
            written = measure("write", lake, int(chosen.events), int(chosen.accounts))
        scans, tens, sql = _rounds(lake, Path(folder), chosen.rounds, with_sql=not chosen.no_sql)
    print(report(int(chosen.events), written, scans, tens, sql))


def measure(kind: str, lake: Path, *rest: object) -> Measured:
    """Run one measurement in a fresh process; its errors are shown and end the benchmark."""
    command = [sys.executable, "-m", "benchmarks.week.measure", kind, str(lake), *map(str, rest)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout))


def report(
    events: int,
    written: Measured | None,
    scans: Sequence[Measured],
    tens: Sequence[Measured],
    sql: Measured | None,
) -> str:
    """The result as Markdown; ratios are to the median scan of the same run."""
    scan = median(m.total for m in scans)
    ratios = [ten.total / scan for ten in tens]
    memory = MEGABYTES_LARGE if events >= LARGE else MEGABYTES
    rows = [
        ("bare scan of 11 columns", f"{scan:.2f} s", "1", _peak(scans)),
        ("**the ten, with shared activity**", _seconds(tens), _ratio(ratios), _peak(tens)),
        *(_step(name, tens, scan) for name in tens[0].seconds),
        _duck(sql, scan),
    ]
    lines = [
        f"{events:,} events, {len(tens)} round(s); goals: ratio {GOAL}, peak {memory:,} MB.",
        "",
        "| step | CPU | bare scans | peak MB |",
        "|---|---:|---:|---:|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        _upkeep(written),
        "Findings are equal to those of the DuckDB queries."
        if sql
        else "Findings against DuckDB: not measured.",
    ]
    return "\n".join(lines)


def _rounds(
    lake: Path, folder: Path, rounds: int, *, with_sql: bool
) -> tuple[list[Measured], list[Measured], Measured | None]:
    scans, tens = [measure("scan", lake)], []
    for n in range(rounds):
        kept = [folder / "findings"] if n == 0 else []
        tens.append(measure("ten", lake, *kept))
        scans.append(measure("scan", lake))
    sql = measure("sql", lake, folder / "findings") if with_sql else None
    return scans, tens, sql


def _step(name: str, tens: Sequence[Measured], scan: float) -> tuple[str, str, str, str]:
    seconds = median(m.seconds[name] for m in tens)
    return f"`{name}`", f"{seconds:.2f} s", f"{seconds / scan:.2f}", ""


def _duck(sql: Measured | None, scan: float) -> tuple[str, str, str, str]:
    if sql is None:
        return "DuckDB, SQL by hand", "not measured", "not measured", "not measured"
    return "DuckDB, SQL by hand", f"{sql.total:.2f} s", f"{sql.total / scan:.1f}", _peak([sql])


def _upkeep(written: Measured | None) -> str:
    if written is None:
        return "Compaction: not measured, the week was there."
    return f"Compaction of the week, apart: {written.seconds['compact']:.1f} CPU s."


def _seconds(measured: Sequence[Measured]) -> str:
    return f"{median(m.total for m in measured):.2f} s"


def _ratio(ratios: Sequence[float]) -> str:
    spread = f" ({min(ratios):.1f} to {max(ratios):.1f})" if len(ratios) > 1 else ""
    return f"**{median(ratios):.1f}**{spread}"


def _peak(measured: Sequence[Measured]) -> str:
    return f"{max(m.peak for m in measured):,.0f}"


if __name__ == "__main__":
    main()
