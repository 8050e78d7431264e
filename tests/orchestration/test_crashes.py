"""Crashes at every fault point between evaluation and Slack: nothing is lost, nothing doubled.

`python -m benchmarks.crashes` runs more of the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Result, Sent
from orchestration.outbox.settings import Settings
from orchestration.outbox.work import Work
from tests.support.crash_checks import wrongs
from tests.support.crash_kills import killed
from tests.support.crash_ledgers import New, on_postgresql, on_sqlite
from tests.support.crash_schedules import run
from tests.support.crashes import PLACES, Crash
from tests.support.outboxes import Clock, put, row
from tests.support.outboxes import run as drain

TENS = [range(first, first + 10) for first in range(0, 100, 10)]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[New]:
    with on_sqlite(tmp_path_factory.mktemp("ledgers")) as new:
        yield new


@pytest.fixture(scope="module")
def postgresql(server: str) -> Iterator[New]:
    with on_postgresql(server) as new:
        yield new


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest) -> New:
    found: New = request.getfixturevalue(request.param)
    return found


def wrong_after(seeds: range, new: New, homes: Path) -> dict[int, list[str]]:
    """What is wrong after each of the schedules."""
    found = {}
    for seed in seeds:
        home = homes / str(seed)
        with new(home) as ledger:
            ran = run(seed, home, ledger)
            found[seed] = [
                f"after {ran.installation.faults.crashes}: {text}"
                for text in wrongs(ran.installation.settings, ran.slack.messages)
            ]
    return {seed: said for seed, said in found.items() if said}


@pytest.mark.parametrize("seeds", TENS[:7], ids=str)
def test_whatever_crashes_on_sqlite_everything_is_told_once(
    seeds: range, sqlite: New, tmp_path: Path
) -> None:
    assert wrong_after(seeds, sqlite, tmp_path) == {}


@pytest.mark.parametrize("seeds", TENS[7:], ids=str)
def test_whatever_crashes_on_postgresql_everything_is_told_once(
    seeds: range, postgresql: New, tmp_path: Path
) -> None:
    assert wrong_after(seeds, postgresql, tmp_path) == {}


def test_every_fault_point_that_is_named_is_crossed(sqlite: New, tmp_path: Path) -> None:
    left = set(PLACES)
    for seed in (1005, 1000, 1016, *range(1017, 1040)):
        home = tmp_path / str(seed)
        with sqlite(home) as ledger:
            crossed = run(seed, home, ledger).installation.faults.crossed
        left -= {point.removesuffix(", before") for point in crossed}
        if not left:
            return
    assert left == set()


def test_what_is_killed_again_and_again_tells_everything_once(new: New, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with new(home) as ledger:
        done = killed(5, 1, home, ledger)
    assert done.wrong == []
    assert (done.rounds > 0, done.messages > 0) == (True, True)


@dataclass
class Looks:
    """Keeps what a drain sends, and whether it takes it for sent never before; fails at `at`."""

    at: str
    error: BaseException
    sent: list[tuple[str, bool]] = field(default_factory=list)

    def __call__(self, work: Work, seen: Progress) -> Result:
        self.sent.append((work.outbox_id, seen.first_try))
        if work.outbox_id == self.at:
            raise self.error
        return Sent()


def test_an_urgent_one_is_looked_for_where_its_thread_may_have_begun_and_the_lease_ran_out(
    ledger: Engine,
) -> None:
    slow, clock = Settings(rate=0.001, burst=1), Clock()
    put(ledger, row("begins", 1, thread="t"))
    with pytest.raises(Crash):
        drain(ledger, Looks("begins", Crash()), clock, settings=slow)
    clock.sleep(61)
    put(ledger, row("urgent", 2, thread="t", lane=0, created_at=clock.now))
    looks = Looks("", Crash())
    drain(ledger, looks, clock, settings=slow)
    assert looks.sent == [("urgent", False)]


def test_after_a_failure_nothing_more_is_sent_in_its_thread(ledger: Engine) -> None:
    clock = Clock()
    put(ledger, row("a", 1, thread="t"), row("b", 2, thread="t", kind="act"))
    put(ledger, row("c", 3, thread="u"))
    looks = Looks("a", RuntimeError("the ledger was locked when it had been posted"))
    with pytest.raises(RuntimeError):
        drain(ledger, looks, clock)
    assert looks.sent == [("a", True), ("c", True)]
