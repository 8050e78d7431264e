"""Who may review an appeal: nobody who had a part in what it is against."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from monitors.registry import registry
from orchestration.cases.holding import skills_for
from orchestration.enforcement.gates import in_batches
from orchestration.ledger.cases import CASES
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.machines import of_ids
from orchestration.ledger.tables import appeals, case_alerts, decisions, grants
from orchestration.oncall.people import Person, may
from orchestration.triage.desks import Desks

# Ids of a monitor's authors; KeyError for a monitor that is not there any more.
Authors = Callable[[str], Collection[str]]


@dataclass(frozen=True, slots=True)
class Bars:
    """Who is kept from an appeal, and the skills that its case asks for.

    Everybody is if the monitor's authors are not known: one of them could be the reviewer.
    """

    people: frozenset[str]
    skills: frozenset[str] = frozenset()
    authors_known: bool = True


@dataclass(slots=True)
class _Parts:
    """What is gathered of one enforcement."""

    people: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)


def authors_of(monitor: str) -> Collection[str]:
    """Who wrote a monitor that is shipped. KeyError for one that is not there."""
    return registry().monitors[monitor].authors


def may_review(who: Person, bars: Bars) -> bool:
    """Whether somebody may take and decide the appeal."""
    apart = bars.authors_known and who.id not in bars.people
    return apart and bars.skills <= who.skills and may(who, "decide_appeal")


def bars_of(
    connection: Connection, rows: Mapping[str, Enforcement], *, desks: Desks, authors: Authors
) -> dict[str, Bars]:
    """Who is kept from appeals against these enforcements, by id.

    Whoever decided their case at any time, said yes or no to them or their batch, decided an
    earlier appeal, or wrote the monitor. A restricted case asks for its queue's skills.
    """
    parts: defaultdict[str, _Parts] = defaultdict(_Parts)
    for name, people in _granted(connection, rows.values()).items():
        parts[name].people |= people
    for name, reviewer in _reviewed(connection, rows):
        parts[name].people.add(reviewer)
    for name, case_id in _cases(connection, rows.values()):
        parts[name].cases.add(case_id)
    every = {case_id for part in parts.values() for case_id in part.cases}
    deciders = _deciders(connection, every)
    skills = {
        case_id: skills_for(desks, case)
        for case_id, case in of_ids(connection, CASES, every).items()
        if case.restricted
    }
    found = {}
    for name, row in rows.items():
        part = parts[name]
        for case_id in part.cases:
            part.people |= deciders[case_id]
        wrote = _wrote(row, authors)
        found[name] = Bars(
            frozenset(part.people | (wrote or set())),
            frozenset[str]().union(*(skills.get(case_id, ()) for case_id in part.cases)),
            wrote is not None,
        )
    return found


def _wrote(row: Enforcement, authors: Authors) -> set[str] | None:
    """Authors of the row's monitor; None if nobody knows them."""
    if row.monitor is None:
        return set()
    try:
        return set(authors(row.monitor))
    except KeyError:
        return None


def _granted(connection: Connection, rows: Iterable[Enforcement]) -> dict[str, set[str]]:
    """Who said yes or no to each, alone or with its batch."""
    objects: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        objects[f"enforcement:{row.enforcement_id}"].add(row.enforcement_id)
        objects[f"batch:{row.batch_id}"].add(row.enforcement_id)
    found: defaultdict[str, set[str]] = defaultdict(set)
    given = select(grants.c.object, grants.c.person)
    for name, person in _in(connection, given, grants.c.object, objects):
        for enforcement_id in objects[name]:
            found[enforcement_id].add(person)
    return found


def _reviewed(connection: Connection, ids: Iterable[str]) -> Iterable[tuple[str, str]]:
    a = appeals.c
    decided = select(a.enforcement_id, a.reviewer).where(a.outcome.is_not(None))
    return _in(connection, decided.where(a.reviewer.is_not(None)), a.enforcement_id, ids)


def _cases(connection: Connection, rows: Iterable[Enforcement]) -> Iterable[tuple[str, str]]:
    """Pairs of an enforcement and a case that is, or was, about it."""
    by_decision: defaultdict[str, set[str]] = defaultdict(set)
    by_alert: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.decision_id:
            by_decision[row.decision_id].add(row.enforcement_id)
        if row.alert_id:
            by_alert[row.alert_id].add(row.enforcement_id)
    d, c = decisions.c, case_alerts.c
    ways = (
        (select(d.decision_id, d.case_id), d.decision_id, by_decision),
        (select(c.alert_id, c.case_id), c.alert_id, by_alert),
    )
    for query, column, by in ways:
        for key, case_id in _in(connection, query, column, by):
            yield from ((enforcement_id, case_id) for enforcement_id in by[key])


def _deciders(connection: Connection, case_ids: Iterable[str]) -> defaultdict[str, set[str]]:
    d = decisions.c
    found: defaultdict[str, set[str]] = defaultdict(set)
    for case_id, decider in _in(connection, select(d.case_id, d.decider), d.case_id, case_ids):
        found[case_id].add(decider)
    return found


def _in(
    connection: Connection,
    query: Select[tuple[Any, Any]],
    column: ColumnElement[Any],
    values: Iterable[str],
) -> Iterable[tuple[str, str]]:
    for some in in_batches(values):
        found = connection.execute(query.where(column.in_(some)))
        yield from ((str(row[0]), str(row[1])) for row in found)
