"""Crashes at every fault point between evaluation and Slack: nothing is lost, nothing doubled.

`python -m benchmarks.crashes` runs more of the same.
"""

from collections.abc import Collection
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
from tests.support.crash_ledgers import New
from tests.support.crash_schedules import run
from tests.support.crash_seeds import never_crossed, wrong_after
from tests.support.crashes import PLACES, Crash
from tests.support.outboxes import Clock, put, row
from tests.support.outboxes import run as drain

pytest_plugins = ["tests.support.crash_fixtures"]
TENS = [range(first, first + 10) for first in range(0, 100, 10)]


def wrong(seed: int, home: Path, ledger: str) -> list[str]:
    ran = run(seed, home, ledger)
    installation = ran.installation
    return [
        f"after {installation.faults.crashes}: {text}"
        for text in wrongs(installation.settings, ran.slack.messages)
    ]


def crossed(seed: int, home: Path, ledger: str) -> Collection[str]:
    return run(seed, home, ledger).installation.faults.crossed


@pytest.mark.parametrize("seeds", TENS[:7], ids=str)
def test_whatever_crashes_on_sqlite_everything_is_told_once(
    seeds: range, sqlite: New, tmp_path: Path
) -> None:
    assert wrong_after(seeds, wrong, sqlite, tmp_path) == {}


@pytest.mark.parametrize("seeds", TENS[7:], ids=str)
def test_whatever_crashes_on_postgresql_everything_is_told_once(
    seeds: range, postgresql: New, tmp_path: Path
) -> None:
    assert wrong_after(seeds, wrong, postgresql, tmp_path) == {}


def test_every_fault_point_that_is_named_is_crossed(sqlite: New, tmp_path: Path) -> None:
    seeds = (1005, 1000, 1016, *range(1017, 1040))
    assert never_crossed(PLACES, seeds, crossed, sqlite, tmp_path) == set()


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
