"""SLA clocks: when a case must have been acted on, in the working time of its queue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitors.contract import Severity
from orchestration.oncall.hours import ROUND_THE_CLOCK, ZERO, Hours, openings
from orchestration.oncall.walls import Span, utc
from orchestration.triage.errors import TriageError

Pause = tuple[datetime, datetime | None]  # None: it still goes on
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class Goal(StrEnum):
    """What must have happened by then."""

    FIRST_ACTION = "first_action"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Goals:
    """Minutes that may run until each goal; `pauses`: whether waiting for others stops the clock.

    Raises TriageError unless 0 < first_action <= resolve.
    """

    first_action: int
    resolve: int
    pauses: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.first_action <= self.resolve:
            raise TriageError(
                f"The first action is due after {self.first_action} minutes and the end after "
                f"{self.resolve}; wanted at least 1, and the end not before the first action."
            )


@dataclass(frozen=True, slots=True)
class Sla:
    """What a case was promised when it was opened; later edits of queues.yaml leave it alone.

    `goals` are those of S0 to S3, in this order, so that a severity that rises needs no new one.
    """

    policy: str
    hours: Hours
    goals: tuple[Goals, ...]

    def __post_init__(self) -> None:
        if len(self.goals) != len(Severity):
            raise TriageError(
                f"The SLA '{self.policy}' has {len(self.goals)} goals; wanted those of S0 to S3."
            )


@dataclass(frozen=True, slots=True)
class Clock:
    """When it began, and when it stood still. Pauses may overlap and come in any order."""

    started_at: datetime
    pauses: tuple[Pause, ...] = ()


def due(
    sla: Sla,
    severity: Severity,
    started: datetime,
    pauses: Sequence[Pause] = (),
    goal: Goal = Goal.RESOLVE,
) -> datetime:
    """The first moment when the goal's minutes have run, in UTC.

    For S0 and S1 all minutes run, else those of business. A pause moves it by the minutes that
    would have run meanwhile, if the policy lets the severity pause; one that goes on counts as
    nothing yet, so this is the earliest it can become (`as_of` counts it until a moment). A pause
    that begins when the time has run out changes nothing. Raises TriageError for a pause that
    ends before it begins, RotaError for times without a zone.
    """
    left = timedelta(minutes=_minutes(sla, severity, goal))
    spans = _running(sla, severity, utc(started), pauses)
    span = next(spans)
    while left > span.end - span.start:
        left -= span.end - span.start
        span = next(spans)
    return span.start + left


def as_of(clock: Clock, now: datetime) -> Clock:
    """The clock with the pause that goes on ended now."""
    now = utc(now)
    closed = [(start, max(start, now) if end is None else end) for start, end in clock.pauses]
    return Clock(clock.started_at, tuple(closed))


def remaining(
    sla: Sla, severity: Severity, clock: Clock, now: datetime, goal: Goal = Goal.RESOLVE
) -> timedelta:
    """Wall time until it is due if nothing pauses it from now on; below zero: so long overdue."""
    at = as_of(clock, now)
    return due(sla, severity, at.started_at, at.pauses, goal) - utc(now)


def breached(
    sla: Sla, severity: Severity, clock: Clock, now: datetime, goal: Goal = Goal.RESOLVE
) -> bool:
    """Whether the time has run out, the moment it is due included. A paused clock cannot breach."""
    return remaining(sla, severity, clock, now, goal) <= ZERO


def share_used(
    sla: Sla, severity: Severity, clock: Clock, now: datetime, goal: Goal = Goal.RESOLVE
) -> float:
    """How much of the goal's minutes has run: 0 at the start, 1 when due, more afterwards."""
    at = as_of(clock, now)
    ran, now = ZERO, utc(now)
    for span in _running(sla, severity, utc(at.started_at), at.pauses):
        if span.start >= now:
            break
        ran += min(span.end, now) - span.start
    return ran / timedelta(minutes=_minutes(sla, severity, goal))


def _minutes(sla: Sla, severity: Severity, goal: Goal) -> int:
    goals = sla.goals[severity]
    return goals.first_action if goal is Goal.FIRST_ACTION else goals.resolve


def _running(
    sla: Sla, severity: Severity, start: datetime, pauses: Sequence[Pause]
) -> Iterator[Span]:
    """When the clock runs, from the start on; without end."""
    stops = _stops(pauses) if sla.goals[severity].pauses else []
    if severity in ROUND_THE_CLOCK:
        yield from _without(Span(start, END_OF_TIME), stops)
        return
    for span in openings(sla.hours, start):
        yield from _without(Span(max(span.start, start), span.end), stops)


def _stops(pauses: Sequence[Pause]) -> list[Span]:
    stops = sorted(Span(utc(start), utc(end or start)) for start, end in pauses)
    for stop in stops:
        if stop.end < stop.start:
            raise TriageError(
                f"A pause from {stop.start} ends at {stop.end}; wanted an end after its start."
            )
    return stops


def _without(span: Span, stops: list[Span]) -> Iterator[Span]:
    """What is left of a span; the stops are in order and may overlap."""
    at = span.start
    for stop in stops:
        if stop.start >= span.end:
            break
        if stop.start > at:
            yield Span(at, stop.start)
        at = max(at, stop.end)
    if at < span.end:
        yield Span(at, span.end)
