"""How the queues stand: what is open, how old, what is overdue, and what the next shift brings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Connection, select

from monitors.contract import Severity
from orchestration.cases.queue import Listed, listing
from orchestration.cases.terms import Terms
from orchestration.ledger.tables import cases
from orchestration.oncall.people import may
from orchestration.oncall.walls import Span
from orchestration.triage.clock import Goal, due
from orchestration.triage.desks import sla_of
from orchestration.triage.forecast import Capacity, Forecast, History, forecast

SHIFT = timedelta(hours=8)
LOOK_BACK = timedelta(weeks=12)
PRODUCTIVE = 0.6  # of a shift is spent on cases
HANDLING = 15.0  # minutes of one case, until enough were decided to know
ENOUGH = 20
MINUTE = timedelta(minutes=1)
UNKNOWN = Forecast(None, None, None, "insufficient", 0)


@dataclass(frozen=True, slots=True)
class Outlook:
    """One queue. `oldest` is its longest open case, null where none is open.

    `grave` are breached cases of S0 and S1. `forecast` is of the eight hours from now.
    """

    queue: str
    open: int
    free: int
    breached: int
    grave: int
    oldest: str | None
    age: timedelta
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of a queue's cases of the last weeks."""

    arrivals: list[datetime]
    severities: Counter[int]
    minutes: list[float]


def outlooks(connection: Connection, terms: Terms, now: datetime) -> list[Outlook]:
    """Every queue of queues.yaml, and any that open cases are in though it is gone from there."""
    listed = listing(connection, terms, now)
    past, since = _past(connection, now)
    found = []
    for name in dict.fromkeys([*terms.desks.queues, *(one.case.queue for one in listed)]):
        mine = [one for one in listed if one.case.queue == name]
        known = past.get(name)
        expected = UNKNOWN
        if known is not None and since is not None and name in terms.desks.queues:
            history = History(known.arrivals, since, terms.desks.queues[name].hours.zone)
            expected = _forecast(name, mine, known, history, terms=terms, now=now)
        found.append(_outlook(name, mine, expected))
    return found


def _outlook(name: str, mine: Sequence[Listed], expected: Forecast) -> Outlook:
    oldest = max(mine, key=lambda one: one.age, default=None)
    breached = [one for one in mine if one.breached]
    return Outlook(
        queue=name,
        open=len(mine),
        free=sum(one.free for one in mine),
        breached=len(breached),
        grave=sum(one.case.severity <= Severity.S1 for one in breached),
        oldest=oldest.case.case_id if oldest else None,
        age=oldest.age if oldest else timedelta(0),
        forecast=expected,
    )


def _forecast(
    name: str, mine: Sequence[Listed], past: _Past, history: History, *, terms: Terms, now: datetime
) -> Forecast:
    """Breaches of the next shift; new cases are as grave as most were."""
    sla = sla_of(terms.desks, name)
    severity = Severity(past.severities.most_common(1)[0][0])
    minutes = median(past.minutes) if len(past.minutes) >= ENOUGH else HANDLING
    return forecast(
        [one.due for one in mine],
        history,
        Capacity(_reviewers(name, terms), PRODUCTIVE, max(minutes, 1.0)),
        Span(now, now + SHIFT),
        due_of=lambda at: due(sla, severity, at, (), Goal.FIRST_ACTION),
        now=now,
    )


def _reviewers(name: str, terms: Terms) -> float:
    """People on the queue, if everybody shares their time among the queues they may work on."""
    queues = terms.desks.queues
    found = 0.0
    for who in terms.roster.people:
        mine = [one for one, queue in queues.items() if queue.skills <= who.skills]
        found += 1 / len(mine) if may(who, "review") and name in mine else 0.0
    return found


def _past(connection: Connection, now: datetime) -> tuple[Mapping[str, _Past], datetime | None]:
    """The queues' cases of the last weeks, and since when all of them are known."""
    c = cases.c
    rows = select(c.queue, c.severity, c.opened_at, c.first_action_at, c.decided_at)
    found: dict[str, _Past] = {}
    first: datetime | None = None
    for row in connection.execute(rows.where(c.opened_at >= now - LOOK_BACK)):
        one = found.setdefault(row.queue, _Past([], Counter(), []))
        one.arrivals.append(row.opened_at)
        one.severities[row.severity] += 1
        if row.first_action_at and row.decided_at:
            one.minutes.append((row.decided_at - row.first_action_at) / MINUTE)
        first = min(first or row.opened_at, row.opened_at)
    return found, first
