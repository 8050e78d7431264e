"""A world on disk: the home of an installation, whose lake holds the events as others would be.

`lake/` is like any lake, days compacted; `truth/actors.parquet` is no table of it, so no monitor
reads it; `world.json` says which world this is and how far it is written. A day is added by event
id as ingestion adds it, so a run that was broken off is completed by the next.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from upath import UPath

from orchestration.ingest.merge import HOUR_OF, add, targets, with_text
from orchestration.ingest.workspace import exclusive
from orchestration.lake import Lake
from orchestration.world.build import Happening, contract_of, happenings_of_week, one_day, truth
from orchestration.world.world import DAY, WEEK, Table, Tables, World

PRODUCTS = ("accounts", "agents", "api", "chat", "images", "live", "marketplace", "web")
Planned = Callable[[World, int], list[Happening]]
Made = Callable[[World, list[Happening], datetime], Tables]
Count = Callable[[Table, int], None]
Done = Callable[[datetime], None]


class StoreError(ValueError):
    """A world cannot be written where it was to be; the message says what is there instead."""


@dataclass(frozen=True)
class Home:
    """Folder of one world."""

    folder: Path

    @property
    def lake(self) -> Lake:
        """Its lake."""
        return Lake(str(self.folder / "lake"))

    @property
    def truth(self) -> Path:
        """Who is behind what, see `build.truth`."""
        return self.folder / "truth" / "actors.parquet"

    @property
    def note(self) -> UPath:
        """Which world this is."""
        return UPath(self.folder / "world.json")

    def taken(self) -> set[str]:
        """Products that have events in the lake."""
        events = UPath(self.lake.root) / "events"
        contracts = sorted(events.iterdir()) if events.exists() else []
        return {p for c in contracts for p in self.lake.products(f"events/{c.name}")}


@dataclass(frozen=True, slots=True)
class Progress:
    """A world and how far it is written.

    `world.days` are the days that are there whole; events received before `until` are there too.
    """

    world: World
    products: tuple[str, ...]
    until: datetime

    @classmethod
    def read(cls, home: Home) -> "Progress | None":
        """What the note says; None where there is none. Raises StoreError if it is broken."""
        try:
            found: dict[str, Any] | None = home.lake.read_json(home.note)
            if found is None:
                return None
            start, until = (datetime.fromisoformat(found[name]) for name in ("start", "until"))
            world = World(int(found["seed"]), int(found["accounts"]), start, int(found["days"]))
            return cls(world, tuple(found["products"]), until)
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"'{home.note}' is no note of a world ({type(error).__name__}); wanted what "
                "`watchfloor world` writes. Delete the folder and make the world again."
            ) from error

    def write(self, home: Home) -> None:
        """Write the note in place of the one before."""
        record = {
            "seed": self.world.seed,
            "accounts": self.world.accounts,
            "start": self.world.start.isoformat(),
            "days": self.world.days,
            "products": list(self.products),
            "until": self.until.isoformat(),
        }
        home.lake.replace_json(home.note, record)


@dataclass
class Store:
    """A world that is being written to its home. `world.days` is how far it may go.

    `planned` gives what happens in a week, `made` the events of a day.
    """

    home: Home
    world: World
    progress: Progress
    planned: Planned = happenings_of_week
    made: Made = one_day
    _weeks: dict[int, list[Happening]] = field(default_factory=dict)
    _days: dict[datetime, Tables] = field(default_factory=dict)

    @classmethod
    def begin(cls, home: Home, world: World, products: Sequence[str] = PRODUCTS) -> "Store":
        """Begin a world in a home, or take it up where it was left.

        Raises StoreError when the home holds another world, or other events of these products.
        """
        if world.start.tzinfo is not UTC or world.start.time() != datetime.min.time():
            raise StoreError(f"A world starts at a midnight in UTC; this one at {world.start}.")
        before = Progress.read(home)
        if before is None:
            clash = sorted(home.taken() & set(products))
            if clash:
                raise StoreError(
                    f"The lake in '{home.folder}' already has events of {', '.join(clash)}, which "
                    "are no simulated world's. Choose another --out, or other --products."
                )
            before = Progress(replace(world, days=0), tuple(sorted(products)), world.start)
            before.write(home)
        mine = (world.seed, world.accounts, world.start, tuple(sorted(products)))
        found = before.world
        theirs = (found.seed, found.accounts, found.start, before.products)
        if mine != theirs:
            raise StoreError(
                f"'{home.folder}' holds another world: seed {found.seed}, {found.accounts} "
                f"accounts, from {found.start:%Y-%m-%d}, {', '.join(before.products)}. Choose "
                "another --out, or name no size, seed and products to go on with that one."
            )
        return cls(home, world, before)

    def tables(self, day: datetime) -> Tables:
        """The events of one day of the products that are written; the last two are remembered."""
        if day not in self._days:
            self._days = dict(list(self._days.items())[-1:])
            tables = self.made(self.world, self.happenings((day - self.world.start) // WEEK), day)
            chosen = self.progress.products
            self._days[day] = {table: rows for table, rows in tables.items() if table[0] in chosen}
        return self._days[day]

    def happenings(self, week: int) -> list[Happening]:
        """What takes place in a week; the last two weeks are remembered."""
        if week not in self._weeks:
            self._weeks = dict(list(self._weeks.items())[-1:])
            self._weeks[week] = self.planned(self.world, week)
        return self._weeks[week]

    def finish(self, day: datetime) -> None:
        """Note that a day is there whole, and who was behind what until its end."""
        done = replace(self.world, days=(day - self.world.start) // DAY + 1)
        week = (day - self.world.start) // WEEK
        rows = truth(done, self.happenings(week), products=self.progress.products)
        if self.home.truth.exists():
            before = pl.col("start") < self.world.start + week * WEEK
            rows = pl.concat([pl.read_parquet(self.home.truth).filter(before), rows])
        self.home.lake.replace(UPath(self.home.truth), rows)
        self.note(replace(self.progress, world=done, until=max(self.progress.until, done.end)))

    def note(self, progress: Progress) -> None:
        """Write how far the world is written."""
        self.progress = progress
        progress.write(self.home)


def write(store: Store, *, count: Count, done: Done) -> None:
    """Write the days of the world that are not there yet, each as one file, as compaction does.

    How far it is written is noted at the end of each week: what is broken off repeats that week.
    `count` is called with each table written and its rows, `done` with each day.
    """
    for number in range(store.progress.world.days, store.world.days):
        day = store.world.start + number * DAY
        for table, rows in store.tables(day).items():
            put(store.home.lake, table, day, rows, hot=store.world.end)
            count(table, rows.height)
        if number + 1 in {store.world.days, *range(7, store.world.days, 7)}:
            store.finish(day)
        done(day)


def put(lake: Lake, table: Table, day: datetime, rows: pl.DataFrame, *, hot: datetime) -> int:
    """Add one day's events, and their restricted text, as ingestion adds them; how many were new.

    Hours from `hot` on get files of their own; the hours touched are marked as changed.
    """
    product, name = table
    contract = contract_of(name)
    with exclusive(lake, product, name):
        events, *text = targets(lake, contract, product, hot=hot)
        timed = rows.with_columns(HOUR_OF)
        fresh = add(events, day, timed)
        for target in text:
            add(target, day, with_text(timed, contract))
    return fresh.height
