"""Gathers what the live system says, each source once; what is down touches nothing else."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import polars as pl
from sqlalchemy import Connection

from launch_checklists.checklist import Checklist
from launch_checklists.facts import (
    Backtest,
    Facts,
    Known,
    Missing,
    MonitorFacts,
    Quality,
    Seeded,
    Team,
    Trial,
)
from launch_checklists.parts import Stage
from monitors.contract import Monitor
from monitors.registry import Broken
from orchestration.cases.terms import Terms
from orchestration.health.history import history
from orchestration.intake.modes import watched
from orchestration.lake import Lake
from orchestration.launch import facts_dagster, facts_ledger, facts_people
from orchestration.launch.facts_files import runbooks
from orchestration.launch.facts_lake import events
from orchestration.launch.sources import Sources, looked
from orchestration.ledger.approvals import last_approvals
from orchestration.ledger.database import reading

T = TypeVar("T")
NOT_READ = Missing("the ledger was not read", broken=True)
BACK = 60  # days in which a version's first evaluation is looked for


def gather(checklist: Checklist, sources: Sources, *, stage: Stage) -> Facts:
    """Everything that the items of a checklist look at."""
    product, now, terms = sources.product, sources.now, sources.terms
    lake = Lake(sources.lake)
    books = [harm.runbook for harm in checklist.harms if harm.runbook]
    wanted = {need.id for harm in checklist.harms for need in harm.monitors}
    return Facts(
        at=now,
        monitors=looked("The registry", lambda: _monitors(wanted, lake, sources)),
        events=looked("The lake", lambda: events(lake, product, now)),
        teams=_teams(sources),
        runbooks=looked("The checkout", lambda: runbooks(sources.root, books)),
        routes=_of_ledger(sources, lambda c: facts_ledger.trials(c, "route", now)),
        queues=_of_terms(terms, lambda t: facts_people.queues(t, sources)),
        rules=_of_terms(terms, lambda t: facts_people.rules(t, product, sources)),
        drills=_of_ledger(sources, lambda c: _drills(c, product, now)),
        golden=_of_ledger(sources, lambda c: facts_ledger.gold(c, product, now)),
        open_findings=_of_ledger(sources, lambda c: facts_ledger.findings(c, product)),
        appeals=_of_ledger(sources, lambda c: facts_ledger.taken(c, product, now)),
        people=_of_terms(terms, lambda t: facts_people.people(t.roster)),
        waived=_of_ledger(sources, lambda c: facts_ledger.granted(c, product)),
        signed=_of_ledger(sources, lambda c: facts_ledger.signatures(c, product, stage)),
    )


def _of_ledger(sources: Sources, look: Callable[[Connection], T]) -> Known[T]:
    engine = sources.engine
    if isinstance(engine, Missing):
        return engine

    def read() -> T:
        with reading(engine) as connection:
            return look(connection)

    return looked("The ledger", read)


def _of_terms(terms: Known[Terms], look: Callable[[Terms], Known[T]]) -> Known[T]:
    if isinstance(terms, Missing):
        return terms
    return looked("The settings", lambda: look(terms))


def _teams(sources: Sources) -> Known[Mapping[str, Team]]:
    rota = sources.rota
    if isinstance(rota, Missing):
        return rota
    return _of_terms(sources.terms, lambda t: facts_people.teams(t, rota, sources))


def _drills(connection: Connection, product: str, now: datetime) -> dict[str, Trial]:
    """The newest drill of each kind on this product."""
    found = {kind: facts_ledger.trials(connection, kind, now) for kind in ("kill_switch", "appeal")}
    return {kind: there[product] for kind, there in found.items() if product in there}


def _monitors(wanted: Iterable[str], lake: Lake, sources: Sources) -> Mapping[str, MonitorFacts]:
    """The wanted monitors that there are, also those whose file cannot be loaded."""
    registry, names = sources.registry, sorted(wanted)
    there = [registry.monitors[name] for name in names if name in registry.monitors]
    broken = {one.id: one for one in registry.broken.values()}
    found = {name: _unloaded(broken[name]) for name in names if name in broken}
    products = {one.product for one in there}
    past = {one: history(lake, one, until=sources.now, days=BACK) for one in products}
    known = _of_ledger(sources, lambda c: _from_ledger(c, there, sources.now))
    for one in there:
        mine = past[one.product].filter(monitor=one.name, version=one.version, status="complete")
        found[one.id] = _of_monitor(one, mine, known, sources)
    return found


def _unloaded(broken: Broken) -> MonitorFacts:
    return MonitorFacts(0, "", "", broken=broken.error)


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What the ledger says of monitors, each by id."""

    modes: Mapping[str, str]
    since: Mapping[str, datetime]
    quality: Mapping[str, Quality]
    backtests: Mapping[str, Known[Backtest]]
    seeded: Mapping[str, Mapping[str, Seeded]]


def _from_ledger(connection: Connection, there: list[Monitor], now: datetime) -> _Ledger:
    approvals = last_approvals(connection)
    modes = watched(connection, there, now=now)
    since = {one.id: approvals.get((one.id, one.version)) for one in there}
    return _Ledger(
        {name: one.mode.value for name, one in modes.items()},
        {name: approval.at for name, approval in since.items() if approval},
        facts_ledger.measured(connection, there, now),
        {one.id: facts_ledger.backtests(connection, one.id) for one in there},
        {one.id: facts_ledger.seeded(connection, one.id) for one in there},
    )


def _of_monitor(
    one: Monitor, past: pl.DataFrame, known: Known[_Ledger], sources: Sources
) -> MonitorFacts:
    down = known if isinstance(known, Missing) else None
    told = known if isinstance(known, _Ledger) else None
    times = past["as_of"].drop_nulls()
    return MonitorFacts(
        version=one.version,
        harm=one.harm.value,
        owner=one.owner,
        mode=told.modes.get(one.id, "disabled") if told else down or NOT_READ,
        since=told.since.get(one.id) if told else None,
        scheduled=looked("Dagster", lambda: facts_dagster.scheduled(sources, one)),
        first=times.min() if len(times) else Missing("this version never ran"),  # type: ignore[arg-type]
        ran=times.max() if len(times) else Missing("it never ran"),  # type: ignore[arg-type]
        checks=looked("Dagster", lambda: facts_dagster.checks(sources, one)),
        quality=told.quality[one.id] if told else down or NOT_READ,
        backtest=told.backtests[one.id] if told else down or NOT_READ,
        seeded=told.seeded[one.id] if told else {},
    )
