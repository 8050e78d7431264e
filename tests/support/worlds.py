"""Small simulated worlds, and what campaigns do in them."""

from datetime import UTC, datetime, timedelta

import polars as pl

from orchestration.world import build
from orchestration.world.world import Deeds, Plan, Table, World

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
BEGINS = START + timedelta(hours=3)


def world(seed: int = 5, *, accounts: int = 800, days: int = 7) -> World:
    """A world that begins on a Monday."""
    return World(seed, accounts, START, days)


def plan(here: World, kind: str, variant: str) -> Plan:
    """A part's time, from `BEGINS` to the end of its world, and draws of its own."""
    return Plan(kind, variant, BEGINS, here.end, here.draws("test", kind, variant))


def run(kind: str, variant: str, here: World) -> Deeds:
    """What a campaign does in its world."""
    deeds: Deeds = build.modules("campaigns")[kind].run(here, plan(here, kind, variant))
    return deeds


def fits(table: Table, events: pl.DataFrame) -> bool:
    """Whether the events have no column but those of their contract."""
    contract = build.contract_of(table[1])
    return set(events.columns) <= {*contract.schema, *contract.text_schema}


def check_time_and_contracts(deeds: Deeds, here: World) -> None:
    """All that a campaign does lies in its time, and fits the contract of its table."""
    inside = pl.col("occurred_at").is_between(BEGINS, here.end, closed="left")
    for table, frame in deeds.events.items():
        assert frame.filter(~inside).is_empty(), table
        assert fits(table, frame), table


def check_named(deeds: Deeds, table: Table) -> None:
    """Whoever and whatever the truth names is in the events of one table."""
    assert deeds.actors.height > 0
    for entity_type in deeds.actors["entity_type"].unique():
        named = deeds.actors.filter(entity_type=entity_type)["entity"]
        assert named.is_in(deeds.events[table][entity_type].implode()).all(), entity_type
