"""Reports as assets: the operation's health in numbers, and the weekly report."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import dagster as dg
import polars as pl

from assets.results import WARN, Event
from orchestration.jobs import HEALTH, WEEKLY
from orchestration.ledger.database import reading
from orchestration.reporting.facts import Facts, gather
from orchestration.reporting.health import House, health
from orchestration.reporting.verdicts import GOOD, Verdict, verdicts
from orchestration.reporting.weekly import weekly
from orchestration.reporting.window import Window, week_before, week_of
from orchestration.resources import Clock
from orchestration.working import Working

SPAN = timedelta(days=7)
MOST = 50  # rows of one table in metadata
CHECKS = {
    "sla": "In no queue were first actions late in more than one of twenty, chance left aside.",
    "noise": "In no team had more than one shift of ten more than two pages, chance left aside.",
    "backlog": "No queue grows by more than chance would have it.",
}


@dg.asset(
    key=HEALTH,
    group_name="operations",
    kinds={"sqlalchemy", "polars"},
    description="The operation of the last seven days in numbers: queues, promises, noise, what "
    "monitors are worth, appeals, capacity and what the coming week needs.",
    check_specs=[
        dg.AssetCheckSpec(name, asset=HEALTH, description=text) for name, text in CHECKS.items()
    ],
)
def health_asset(working: dg.ResourceParam[Working], clock: Clock) -> Iterator[Event]:
    """Count, and say what is out of bounds; nothing is written to the ledger."""
    now = clock.now()
    tables = _tables(working, clock, Window(now - SPAN, now))[1]
    yield dg.MaterializeResult(
        metadata={name: _shown(rows) for name, rows in tables.items()}
        | {"window": Window(now - SPAN, now).text}
    )
    for verdict in verdicts(tables):
        yield _check(verdict)


@dg.asset(
    key=WEEKLY,
    group_name="operations",
    kinds={"sqlalchemy", "markdown"},
    description="The report of the last week that is over, from Monday to Monday: counts only, and "
    "restricted queues in one row.",
)
def weekly_asset(working: dg.ResourceParam[Working], clock: Clock) -> dg.MaterializeResult[None]:
    """Write the report."""
    name = week_before(clock.now())
    facts, tables = _tables(working, clock, week_of(name))
    text = weekly(name, facts.window, tables, made_at=clock.now())
    return dg.MaterializeResult(metadata={"week": name, "report": dg.MetadataValue.md(text)})


def _tables(
    working: Working, clock: Clock, window: Window
) -> tuple[Facts, Mapping[str, pl.DataFrame]]:
    """Facts and tables as somebody sees them who may see nothing restricted."""
    terms = working.terms(clock.now())
    rules = working.alerting.rules(clock.now())
    owners = {name: one.owner for name, one in working.alerting.registry.monitors.items()}
    with reading(working.engine) as connection:
        facts = gather(connection, window, desks=terms.desks, owners=owners)
    return facts, health(facts, House(terms.desks, terms.roster, rules.rota))


def _shown(rows: pl.DataFrame) -> dg.MetadataValue | str:
    """A table of metadata. A null has no place in one, so it reads as a dash."""
    records = [
        dg.TableRecord(
            {
                name: "-"
                if value is None
                else round(value, 3)
                if isinstance(value, float)
                else value
                for name, value in row.items()
            }
        )
        for row in rows.head(MOST).iter_rows(named=True)
    ]
    return dg.MetadataValue.table(records) if records else "none"


def _check(verdict: Verdict) -> dg.AssetCheckResult:
    """Too little data is no pass: the check then fails as a warning, which tells nobody."""
    return dg.AssetCheckResult(
        check_name=verdict.name,
        passed=verdict.state == GOOD,
        severity=WARN,
        metadata={
            "state": verdict.state,
            "bad": ", ".join(verdict.bad) or "none",
            "too_little_is_known_of": ", ".join(verdict.unknown) or "none",
            "of": verdict.rows,
        },
    )
