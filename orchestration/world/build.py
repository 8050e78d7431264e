"""A world's days: honest traffic, campaigns and hard negatives together, and the truth apart."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
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


@dataclass(frozen=True, slots=True)
class Happening:
    """One campaign or hard negative that takes place, with all it does."""

    plan: Plan
    guilty: bool
    deeds: Deeds

    @property
    def name(self) -> str:
        """Its name in the truth: kind, variant and day of the block it belongs to."""
        return f"{self.plan.kind}-{self.plan.variant}-{self.plan.until:%Y%m%d}"


@cache
def modules(kind: str) -> dict[str, ModuleType]:
    """The modules of one kind of part (traffic, campaigns or negatives), by name, in order."""
    package = {"traffic": traffic, "campaigns": campaigns, "negatives": negatives}[kind]
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name[0] != "_")
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}


def happenings(world: World) -> list[Happening]:
    """Every kind of campaign in each variant, and every hard negative, once a week."""
    found = []
    for week in range(-(-world.days // 7)):
        start = world.start + week * WEEK
        until = min(start + WEEK, world.end)
        for name, module in modules("campaigns").items():
            for variant in VARIANTS:
                plan = _plan(world, name, variant, start, until)
                found.append(Happening(plan, guilty=True, deeds=module.run(world, plan)))
        for name, module in modules("negatives").items():
            plan = _plan(world, name, CALM, start, until)
            found.append(Happening(plan, guilty=False, deeds=module.run(world, plan)))
    return found


def truth(world: World, found: list[Happening]) -> pl.DataFrame:
    """Who is behind what: one row per campaign, actor and entity that may rightly be named.

    Rows that are not `guilty` belong to hard negatives. `start` and `end` are those of the
    campaign's events. Nothing of this goes where a monitor reads.
    """
    rows = [pl.DataFrame(schema=TRUTH)]
    for happening in found:
        times = [frame["occurred_at"] for frame in happening.deeds.events.values() if len(frame)]
        every = pl.concat(times) if times else pl.Series([world.start], dtype=TIMESTAMP)
        rows.append(
            happening.deeds.actors.with_columns(
                campaign=pl.lit(happening.name),
                kind=pl.lit(happening.plan.kind),
                variant=pl.lit(happening.plan.variant),
                guilty=pl.lit(happening.guilty),
                start=pl.lit(every.min(), TIMESTAMP),
                end=pl.lit(every.max(), TIMESTAMP),
            )
            .select(TRUTH.names())
            .cast(TRUTH)
        )
    return pl.concat(rows)


def days(world: World, found: list[Happening]) -> Iterator[tuple[datetime, Tables]]:
    """Each day with its events, by product and contract; the order of events tells nothing."""
    for number in range(world.days):
        day = world.start + number * DAY
        yield day, one_day(world, found, day)


def one_day(world: World, found: list[Happening], day: datetime) -> Tables:
    """The events of one day, by product and contract, restricted text included, sorted by time."""
    parts: dict[Table, list[pl.DataFrame]] = {}
    for module in modules("traffic").values():
        for table, frame in module.traffic(world, day).items():
            parts.setdefault(table, []).append(frame)
    for happening in found:
        for table, frame in happening.deeds.events.items():
            parts.setdefault(table, []).append(frame)
    return {table: _events(world, table, frames, day) for table, frames in sorted(parts.items())}


def contract_of(name: str) -> Contract:
    """The event contract of that name."""
    contract: Contract = importlib.import_module(f"monitors.events.{name}").CONTRACT
    return contract


def _plan(world: World, kind: str, variant: str, start: datetime, until: datetime) -> Plan:
    rng = generator(world.seed, "happening", kind, variant, start)
    begin = start + rng.random() * LATEST_START * (until - start)
    return Plan(kind, variant, begin, until, rng)


def _events(world: World, table: Table, frames: list[pl.DataFrame], day: datetime) -> pl.DataFrame:
    """Rows of a day as the contract has them, with ids by time and times of receipt."""
    product, name = table
    contract = contract_of(name)
    wanted = {**contract.schema, **contract.text_schema}
    time = pl.col("occurred_at")
    today = [
        _conformed(frame.filter(time >= day, time < day + DAY), wanted, table) for frame in frames
    ]
    rows = pl.concat(today).sort("occurred_at", maintain_order=True)
    rng = generator(world.seed, "receipt", product, name, day)
    wait = (rng.exponential(RECEIPT, rows.height) * 1e6).astype(np.int64)
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(8)
    return rows.with_columns(
        event_id=pl.lit(f"{day:%Y%m%d}-") + number,
        received_at=time + pl.Series(wait).cast(pl.Duration("us")),
        product=pl.lit(product),
    )


def _conformed(frame: pl.DataFrame, wanted: dict[str, pl.DataType], table: Table) -> pl.DataFrame:
    unknown = sorted(set(frame.columns) - set(wanted))
    if unknown:
        raise ValueError(f"Events of {'/'.join(table)} have {unknown}, which the contract has not.")
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in wanted.items()
    )
