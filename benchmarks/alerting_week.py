"""A simulated week of alerting: what people would be told by every monitor, and what annoys.

    python -m benchmarks.alerting_week [--seed 7] [--accounts 1500] [--home FOLDER]

A world of two weeks; the second is evaluated hour by hour, each hour is taken in and told five
minutes after it ended, under the shipped routes and rota, with every monitor in review. Two ledgers
are told the same: in one nobody answers, in the other on-call acks what pages ten minutes later.
With `--home` the two stay there to be looked at. Takes about half an hour on two cores.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median

from benchmarks.alerting.desks import Desk, desk
from benchmarks.alerting.figures import Figures, figures
from benchmarks.alerting.lakes import evaluate, watching, week, written
from orchestration.ledger.database import reading
from orchestration.partitions import HOUR

AFTER = timedelta(minutes=5)
LOUDEST = 12


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, and print a page of Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--accounts", type=int, default=1500)
    parser.add_argument("--home", type=Path, help="a folder that is kept")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="watchfloor-alerting-") as folder:
        home = given.home or Path(folder)
        desks = simulated(home, seed=given.seed, accounts=given.accounts)
        print("\n".join(report(desks)))


def simulated(home: Path, *, seed: int, accounts: int) -> list[Desk]:
    """The two, after their week."""
    lake = written(home / "world", seed=seed, accounts=accounts)
    monitors = list(watching().monitors.values())
    first = week().start
    desks = [
        desk(home / "unanswered", lake.root, now=first, answers=False),
        desk(home / "answered", lake.root, now=first, answers=True),
    ]
    now = first + HOUR + AFTER
    while now <= week().end + AFTER:
        since, began = datetime.now(UTC), time.perf_counter()
        evaluated = evaluate(lake, monitors, now)
        seconds = time.perf_counter() - began
        for each in desks:
            each.tick(now, since)
        print(f"{now:%a %H:%M} {evaluated} evaluations, {seconds:.1f} s", flush=True)
        now += HOUR
    return desks


def report(desks: Sequence[Desk]) -> Iterator[str]:
    """What came of it, as Markdown."""
    found = []
    for each in desks:
        with reading(each.alerting.engine) as connection:
            found.append(figures(connection, each.slack()))
    yield "| | nobody answers | on-call acks in ten minutes |"
    yield "|---|--:|--:|"
    for name, values in zip(_names(), zip(*map(_values, found), strict=True), strict=True):
        yield f"| {name} | {values[0]} | {values[1]} |"
    yield ""
    yield "| channel: parents, replies, changes of a parent | nobody answers | on-call acks |"
    yield "|---|--:|--:|"
    for channel in sorted({name for one in found for name in one.messages}):
        both = [", ".join(map(str, one.messages.get(channel, (0, 0, 0)))) for one in found]
        yield f"| {channel} | {both[0]} | {both[1]} |"
    yield ""
    yield "| pages by monitor: in the week, most in one shift | nobody answers | on-call acks |"
    yield "|---|--:|--:|"
    answered = {name: (number, most) for name, number, most in found[1].loudest()}
    for name, number, most in found[0].loudest()[:LOUDEST]:
        other = answered.get(name, (0, 0))
        yield f"| {name} | {number}, {most} | {other[0]}, {other[1]} |"
    yield ""
    yield from map(_speed, desks)


def _names() -> list[str]:
    return [
        "findings new, duplicate, amended, retracted",
        "share of duplicates",
        "alerts S0, S1, S2, S3",
        "share that ended and nobody had touched",
        "notices and digests S0, S1, S2, S3",
        "pages by reason",
        "rows of the outbox by outcome",
        "pages a shift of eight hours: mean, median, most",
        "shifts without a page, with more than ten",
    ]


def _values(one: Figures) -> list[str]:
    shifts = one.pages
    return [
        ", ".join(str(one.findings[kind]) for kind in ("new", "duplicate", "amended", "retracted")),
        f"{one.duplicates:.2f}",
        ", ".join(str(one.alerts[f"S{level}"]) for level in range(4)),
        f"{one.auto_resolved:.2f}",
        ", ".join(str(one.notices[f"S{level}"]) for level in range(4)),
        ", ".join(f"{name} {number}" for name, number in one.reasons.most_common()),
        ", ".join(f"{name} {number}" for name, number in one.outcomes.most_common()),
        f"{mean(shifts):.1f}, {median(shifts):g}, {max(shifts)}",
        f"{sum(n == 0 for n in shifts)}, {sum(n > 10 for n in shifts)} of {len(shifts)}",  # noqa: PLR2004 - as the row's name says
    ]


def _speed(one: Desk) -> str:
    cpu = [seconds for seconds, _ in one.intake]
    most = max(cpu)
    return (
        f"Intake, {'answered' if one.answers else 'unanswered'}: median {median(cpu):.0f} ms of "
        f"CPU a tick, most {most:.0f}; draining {median(one.drained) * 1000:.0f} ms, "
        f"most {max(one.drained) * 1000:.0f}."
    )


if __name__ == "__main__":
    main()
