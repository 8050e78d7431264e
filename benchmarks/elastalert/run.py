"""Compare the detectors with resetting windows with ElastAlert 2's own rule classes.

`python -m benchmarks.elastalert.run` measures events per CPU second of both sides in one run,
taking turns, and compares the ids of all matches; a difference makes it exit with 1. Where
ElastAlert cannot be run, it says so and why.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from subprocess import PIPE
from typing import TypedDict

import click
import polars as pl

from benchmarks.elastalert.environment import NotMeasuredError, elastalert_python
from benchmarks.elastalert.events import generate, write_lines
from benchmarks.elastalert.rules import RULES, Rule

THEIR_SIDE = Path(__file__).with_name("their_side.py")
CALLS = 5  # of ours in a round: one takes some hundredths of a second


@dataclass(frozen=True)
class Side:
    """One side's matches of one rule in one round, and the CPU seconds they took."""

    ids: list[str]
    seconds: float


Turn = Callable[[], Side]


@dataclass(frozen=True)
class Comparison:
    """One rule: events per CPU second, and ratios of rounds; None where not measured."""

    matches: int
    ours: float
    theirs: float | None = None
    ratio: float | None = None
    lowest: float | None = None
    highest: float | None = None
    equal: bool | None = None

    def __str__(self) -> str:
        if self.theirs is None:
            return f"{self.matches:>8,}{'not measured':>14}{self.ours:>13,.0f}"
        differ = "" if self.equal else "  MATCHES DIFFER"
        return (
            f"{self.matches:>8,}{self.theirs:>14,.0f}{self.ours:>13,.0f}{self.ratio:>8.0f}"
            f"  {self.lowest:.0f}-{self.highest:.0f}{differ}"
        )


class Report(TypedDict):
    """Figures of one run; `not_measured` says why ElastAlert's are missing, if they are."""

    events: int
    rounds: int
    not_measured: str
    rules: dict[str, dict[str, float | bool | None]]


def main(*, quick: bool = False, python: str | None = None) -> Report:
    """Measure all rules and print a table; returns its figures and why any are missing.

    With `quick`, 100,000 events once instead of 200,000 three times. `python` is the interpreter
    to make ElastAlert's environment with.
    """
    n, rounds = (100_000, 1) if quick else (200_000, 3)
    events = generate(n)
    print(f"{events.height:,} events, {rounds} round(s); events per CPU second, median and range")
    print(f"{'rule':<13}{'matches':>8}{'ElastAlert 2':>14}{'Watchfloor':>13}{'ratio':>8}  range")
    theirs, reason = None, ""
    try:
        theirs = elastalert_python(python)
    except NotMeasuredError as error:
        reason = str(error)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        parquet, lines = Path(folder) / "events.parquet", Path(folder) / "events.jsonl"
        events.write_parquet(parquet, compression="zstd")
        write_lines(events, lines)
        for name, rule in RULES.items():
            our_turn = _our_turn(rule, parquet)
            their_turn = _their_turn(theirs, name, rule, lines) if theirs else None
            found[name] = _compared(our_turn, their_turn, rounds=rounds, events=events.height)
            print(f"{name:<13}{found[name]}", flush=True)
    if reason:
        print(f"ElastAlert 2 was not measured: {reason}")
    rules = {name: asdict(comparison) for name, comparison in found.items()}
    return {"events": events.height, "rounds": rounds, "not_measured": reason, "rules": rules}


def _compared(our_turn: Turn, their_turn: Turn | None, *, rounds: int, events: int) -> Comparison:
    """Both sides in turns, as many rounds; ours once before, which starts Polars' threads."""
    ids = sorted(our_turn().ids)
    theirs, ours = [], []
    for _ in range(rounds):
        if their_turn:
            theirs.append(their_turn())
        ours.append(our_turn())
    speed = events / median(side.seconds for side in ours)
    if not theirs:
        return Comparison(matches=len(ids), ours=speed)
    ratios = [their.seconds / our.seconds for their, our in zip(theirs, ours, strict=True)]
    return Comparison(
        matches=len(ids),
        ours=speed,
        theirs=events / median(side.seconds for side in theirs),
        ratio=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        equal=all(sorted(side.ids) == ids for side in (*theirs, *ours)),
    )


def _our_turn(rule: Rule, parquet: Path) -> Turn:
    """From a scan of the file to the frame of matches; mean CPU time of some calls, all threads."""

    def turn() -> Side:
        started = time.process_time()
        for _ in range(CALLS):
            matches = rule.detect(pl.scan_parquet(parquet))
        return Side(matches["event_id"].to_list(), (time.process_time() - started) / CALLS)

    return turn


def _their_turn(python: Path, name: str, rule: Rule, lines: Path) -> Turn:
    """ElastAlert's class in a process of its own, since some of its state is the class's."""

    def turn() -> Side:
        command = [str(python), str(THEIR_SIDE), name, str(lines)]
        settings = json.dumps(rule.settings)
        done = subprocess.run(command, input=settings, stdout=PIPE, text=True, check=True)
        result = json.loads(done.stdout)
        return Side(result["ids"], result["add_data"] + result["garbage_collect"])

    return turn


@click.command()
@click.option("--quick", is_flag=True, help="100,000 events, once.")
@click.option("--python", help="A Python of 3.13 or newer to make ElastAlert's environment with.")
def command(*, quick: bool, python: str | None) -> None:
    """Compare with ElastAlert 2's rule classes; exit with 1 if any matches differ."""
    rules = main(quick=quick, python=python)["rules"]
    differ = [name for name, row in rules.items() if row["equal"] is False]
    if differ:
        sys.exit(f"The matches of {', '.join(differ)} differ from ElastAlert's.")


if __name__ == "__main__":
    command()
