"""Who is there: teams with their rotas, roles, queues with what they can do, and the rules."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from launch_checklists.facts import Gap, Known, Missing, QueueFacts, Rules, Team
from monitors.contract import Severity
from orchestration.cases.terms import Terms
from orchestration.launch.sources import Sources
from orchestration.ledger.database import reading
from orchestration.oncall.people import Roster
from orchestration.oncall.rota import Rota, shifts
from orchestration.policies.actions import Automation
from orchestration.policies.rules import GroundKind
from orchestration.reporting.facts import gather
from orchestration.reporting.staffing import HOURS, OCCUPANCY, SHRINKAGE, needed
from orchestration.reporting.window import Window

AHEAD = timedelta(days=14)
LOOK_BACK = timedelta(days=28)
HIGH, WEEK = 0.9, 7


def teams(terms: Terms, rota: Rota, sources: Sources) -> Mapping[str, Team]:
    """Each team's people, and when within two weeks nobody of people.yaml is on call for it.

    A team without a rota has the whole time as its gap.
    """
    roster = terms.roster
    start, end = sources.now, sources.now + AHEAD
    found = {}
    for name in sorted(roster.teams | set(rota.teams)):
        people = tuple(sorted(p.id for p in roster.people if name in p.teams))
        whole = (Gap(start, end),)
        gaps = _gaps(rota, name, sources, roster) if name in rota.teams else whole
        found[name] = Team(people, gaps)
    return found


def _gaps(rota: Rota, team: str, sources: Sources, roster: Roster) -> tuple[Gap, ...]:
    """Shifts of somebody who is not in people.yaml any more."""
    turns = shifts(rota, team, sources.now, sources.now + AHEAD)
    return tuple(Gap(one.start, one.end) for one in turns if one.person not in roster.by_id)


def people(roster: Roster) -> Mapping[str, frozenset[str]]:
    """Everybody with their roles."""
    return {one.id: frozenset(role.value for role in one.roles) for one in roster.people}


def queues(terms: Terms, sources: Sources) -> Known[Mapping[str, QueueFacts]]:
    """What comes to each queue a day and what its people can do, by the last four weeks.

    The forecast is the 0.9 quantile's mean of the coming week. Languages are skills of somebody
    who may work on the queue.
    """
    if isinstance(sources.engine, Missing):
        return sources.engine
    desks, roster = terms.desks, terms.roster
    window = Window(sources.now - LOOK_BACK, sources.now)
    owners = {one.id: one.owner for one in sources.registry.monitors.values()}
    with reading(sources.engine) as connection:
        seen = gather(connection, window, desks=desks, owners=owners)
    table = needed(seen, desks, roster, desks.queues)
    high = {row["queue"]: row for row in table.iter_rows(named=True) if row["quantile"] == HIGH}
    return {
        name: QueueFacts(
            languages=_languages(roster, queue.skills),
            capacity=_a_day(high[name]),
            forecast_p90=None if high[name]["arrivals"] is None else high[name]["arrivals"] / WEEK,
            at=sources.now,
        )
        for name, queue in desks.queues.items()
    }


def _a_day(row: Mapping[str, Any]) -> float | None:
    """Cases that those who are there can do in a day, as `reporting.staffing` counts hours."""
    if not row["minutes"]:
        return None
    minutes = row["there"] * HOURS / WEEK * (1 - SHRINKAGE) * OCCUPANCY * 60
    return float(minutes / row["minutes"])


def rules(terms: Terms, product: str, sources: Sources) -> Known[Rules]:
    """The rules of enforcement in force: what each action takes at the severity that takes least.

    The word of whoever decides counts as one; what people do themselves takes theirs.
    """
    if isinstance(sources.engine, Missing):
        return sources.engine
    told = terms.enforcement
    acts = {
        name: told.approvals(name, Severity.S3, GroundKind.TERMS, decided=True)
        + (told.automation(name, Severity.S2) is Automation.NOT)
        for name in told.actions
    }
    caps = {name: float(getattr(told.caps, name)) for name in ("per_run", "per_day")}
    return Rules({**dict.fromkeys(told.people, 1), **acts}, caps, told.acting(product).value)


def _languages(roster: Roster, skills: frozenset[str]) -> frozenset[str]:
    """Skills of those who may work on a queue: a language is one of them."""
    able = (one for one in roster.people if skills <= one.skills)
    return frozenset(skill for one in able for skill in one.skills)
