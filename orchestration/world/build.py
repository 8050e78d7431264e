"""A world's days: honest traffic, campaigns and hard negatives together, and the truth apart.

A day depends on the world's seed, accounts and start alone: the same day of a longer world is the
same, row by row. So campaigns are planned for whole weeks, and only the events are cut at the end.
"""

import importlib
import pkgutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from types import ModuleType

import numpy as np
import polars as pl

from monitors.columns import TIMESTAMP, Contract, schema
from orchestration.world import campaigns, negatives, traffic
from orchestration.world.draws import generator
from orchestration.world.world import DAY, VARIANTS, WEEK, Deeds, Plan, Table, Tables, World

TRUTH = schema(
    {
        "campaign": pl.String,
        "kind": pl.String,
        "variant": pl.String,
        "guilty": pl.Boolean,
        "products": pl.String,
        "start": TIMESTAMP,
        "end": TIMESTAMP,
        "actor": pl.String,
        "entity_type": pl.String,
        "entity": pl.String,
    }
)
LATEST_START = 0.2  # of a week's block: the rest is for what takes long
RECEIPT = 1.5  # seconds until an event is received, on average
CALM = "negative"
NUMBERS = 10**8  # an event's id is its day and its number in the day


class PartError(ValueError):
    """A part of a world does what it may not; the message names the part."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One campaign or hard negative that takes place, with all it does."""

    plan: Plan
    guilty: bool
    deeds: Deeds

    @property
    def name(self) -> str:
        """Its name in the truth: kind, variant and the day that ends the week it belongs to."""
        return f"{self.plan.kind}-{self.plan.variant}-{self.plan.until:%Y%m%d}"


@cache
def modules(kind: str) -> dict[str, ModuleType]:
    """The modules of one kind of part (traffic, campaigns or negatives), by name, in order."""
    package = {"traffic": traffic, "campaigns": campaigns, "negatives": negatives}[kind]
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name[0] != "_")
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}


@lru_cache(maxsize=4)
def whole(world: World) -> World:
    """The same world, its last week whole."""
    return replace(world, days=-(-world.days // 7) * 7)


def happenings(world: World) -> list[Happening]:
    """What takes place in all weeks of the world, see `happenings_of_week`."""
    weeks = range(-(-world.days // 7))
    return [happening for week in weeks for happening in happenings_of_week(world, week)]


def happenings_of_week(world: World, week: int) -> list[Happening]:
    """Every kind of campaign in each variant, and every hard negative, once, in a whole week.

    Of a week that the world's end cuts, too: what falls after the end is made and never written.
    """
    lasting = whole(world)
    start = world.start + week * WEEK
    found = []
    for name, module in modules("campaigns").items():
        for variant in VARIANTS:
            plan = _plan(world, name, variant, start)
            found.append(Happening(plan, guilty=True, deeds=module.run(lasting, plan)))
    for name, module in modules("negatives").items():
        plan = _plan(world, name, CALM, start)
        found.append(Happening(plan, guilty=False, deeds=module.run(lasting, plan)))
    return found


def truth(
    world: World, found: list[Happening], *, products: Collection[str] | None = None
) -> pl.DataFrame:
    """Who is behind what: one row per campaign, actor and entity that may rightly be named.

    Rows that are not `guilty` belong to hard negatives. `products`, separated by spaces, are those
    on which the campaign acts. `start` and `end` are those of the
    campaign's events before the world's end, on `products` if they are given; actors who appear
    in none of them are left out.
    Nothing of this goes where a monitor reads.
    """
    rows = [pl.DataFrame(schema=TRUTH)]
    for happening in found:
        done = _until(happening.deeds.events, world.end, products)
        if not done:
            continue
        every = pl.concat([frame["occurred_at"] for frame in done.values()])
        rows.append(
            _seen(happening.deeds, done)
            .with_columns(
                campaign=pl.lit(happening.name),
                kind=pl.lit(happening.plan.kind),
                variant=pl.lit(happening.plan.variant),
                guilty=pl.lit(happening.guilty),
                products=pl.lit(" ".join(sorted({product for product, _ in done}))),
                start=pl.lit(every.min(), TIMESTAMP),
                end=pl.lit(every.max(), TIMESTAMP),
            )
            .select(TRUTH.names())
            .cast(TRUTH)
        )
    return pl.concat(rows).unique(maintain_order=True)


def _until(
    events: Mapping[Table, pl.DataFrame], end: datetime, products: Collection[str] | None
) -> Tables:
    """The events of some products before a moment, of tables that have any."""
    cut = {
        table: rows.filter(pl.col("occurred_at") < end)
        for table, rows in events.items()
        if products is None or table[0] in products
    }
    return {table: rows for table, rows in cut.items() if rows.height}


def _seen(deeds: Deeds, done: Tables) -> pl.DataFrame:
    """The actors; where events were cut, those of whom an entity appears in the rest."""
    if sum(map(len, done.values())) == sum(map(len, deeds.events.values())):
        return deeds.actors
    named = [column for rows in done.values() for column in rows.select(pl.col(pl.String))]
    there = deeds.actors.filter(pl.col("entity").is_in(pl.concat(named).unique().implode()))
    return deeds.actors.filter(pl.col("actor").is_in(there["actor"].unique().implode()))


def days(world: World, found: list[Happening]) -> Iterator[tuple[datetime, Tables]]:
    """Each day with its events, by product and contract; the order of events tells nothing."""
    for number in range(world.days):
        day = world.start + number * DAY
        yield day, one_day(world, found, day)


def one_day(world: World, found: list[Happening], day: datetime) -> Tables:
    """The events of one day, by product and contract, restricted text included, sorted by time.

    `found` needs what happens in the day's week. Raises PartError when a part fills a column
    that its contract does not have.
    """
    lasting = whole(world)
    parts: dict[Table, list[pl.DataFrame]] = {}
    for module in modules("traffic").values():
        for table, frame in module.traffic(lasting, day).items():
            parts.setdefault(table, []).append(frame)
    for happening in found:
        if happening.plan.start < day + DAY and happening.plan.until > day:
            for table, frame in happening.deeds.events.items():
                parts.setdefault(table, []).append(frame)
    return {table: _events(world, table, frames, day) for table, frames in sorted(parts.items())}


def contract_of(name: str) -> Contract:
    """The event contract of that name."""
    contract: Contract = importlib.import_module(f"monitors.events.{name}").CONTRACT
    return contract


def _plan(world: World, kind: str, variant: str, start: datetime) -> Plan:
    rng = generator(world.seed, "happening", kind, variant, start)
    begin = start + rng.random() * LATEST_START * WEEK
    return Plan(kind, variant, begin, start + WEEK, rng)


def _events(world: World, table: Table, frames: list[pl.DataFrame], day: datetime) -> pl.DataFrame:
    """Rows of a day as the contract has them, with ids by time and times of receipt.

    Columns that nobody fills come last: a null sorted among millions of rows costs as a value.
    """
    product, name = table
    contract = contract_of(name)
    wanted = {**contract.schema, **contract.text_schema}
    fitting = [_fitting(_today(frame, day), wanted, table) for frame in frames]
    rows = pl.concat(fitting, how="diagonal").sort("occurred_at", maintain_order=True)
    rng = generator(world.seed, "receipt", product, name, day)
    wait = (rng.exponential(RECEIPT, rows.height) * 1e6).astype(np.int64)
    first = int(f"{day:%Y%m%d}") * NUMBERS
    made = {
        "event_id": pl.int_range(first, first + pl.len()).cast(pl.String),
        "received_at": pl.col("occurred_at") + pl.Series(wait).cast(pl.Duration("us")),
        "product": pl.lit(product),
    }
    absent = {name: pl.lit(None, dtype) for name, dtype in wanted.items() if name not in rows}
    return rows.with_columns(**{**absent, **made}).select(wanted.keys())


def _today(frame: pl.DataFrame, day: datetime) -> pl.DataFrame:
    inside = frame["occurred_at"].is_between(day, day + DAY, closed="left")
    return frame if inside.all() else frame.filter(inside)


def _fitting(frame: pl.DataFrame, wanted: dict[str, pl.DataType], table: Table) -> pl.DataFrame:
    """The frame's columns in the types of the contract."""
    unknown = sorted(set(frame.columns) - set(wanted))
    if unknown:
        raise PartError(
            f"Events of {'/'.join(table)} have {', '.join(unknown)}, which the contract has not; "
            "fill its columns only."
        )
    return frame.cast({name: wanted[name] for name in frame.columns})
