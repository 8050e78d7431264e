"""Forecast: how many cases will breach in the next shift."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Literal
from zoneinfo import ZoneInfo

from orchestration.oncall.walls import Span, utc
from orchestration.triage.errors import TriageError
from orchestration.triage.inflow import HOUR, expected_inflow, weeks_before

MINUTE = timedelta(minutes=1)
MINUTES = 60
NOTHING = 1e-9  # what is left of a case after its parts were worked on


@dataclass(frozen=True, slots=True)
class Capacity:
    """Reviewers on shift, the share of it they review, and the mean minutes of one case.

    Raises TriageError for less than nobody, a share outside 0 to 1 or cases that take no time.
    """

    reviewers: float
    productive_share: float
    handling_minutes: float

    def __post_init__(self) -> None:
        if self.reviewers < 0 or not 0 <= self.productive_share <= 1 or self.handling_minutes <= 0:
            raise TriageError(
                f"{self.reviewers} reviewers, productive {self.productive_share} of the time, "
                f"{self.handling_minutes} minutes a case; wanted 0 or more, 0 to 1, more than 0."
            )

    @property
    def per_hour(self) -> float:
        """Cases an hour."""
        return self.reviewers * self.productive_share * MINUTES / self.handling_minutes


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cases that will breach during the shift; those overdue before it are not among them.

    With too little history there is no number: `basis` is `insufficient`, the rest None.
    `n_weeks`: whole weeks of history that were used.
    """

    expected: float | None
    low: float | None
    high: float | None
    basis: Literal["seasonal_naive", "insufficient"]
    n_weeks: int


@dataclass(frozen=True, slots=True)
class History:
    """When cases came into the queue: all of them from `since` on. `zone`: that of its hours."""

    arrivals: Sequence[datetime]
    since: datetime
    zone: ZoneInfo


def forecast(
    dues: Sequence[datetime],
    history: History,
    capacity: Capacity,
    shift: Span,
    *,
    due_of: Callable[[datetime], datetime],
    now: datetime,
) -> Forecast:
    """Breaches in `[start, end)` of a shift, if cases are worked on in the order they are due.

    `dues`: of the cases that will be open at its start; `due_of`: when a case is due that comes in
    at a moment. Inflow is that of the same hours a week before; low and high are what comes of the
    inflow that holds four shifts in five. Cases flow evenly through the hours, so parts of cases
    count as parts. Raises TriageError for a shift that ends before it begins.
    """
    shift = Span(utc(shift.start), utc(shift.end))
    if shift.end <= shift.start:
        raise TriageError(f"The shift ends at {shift.end}; wanted an end after {shift.start}.")
    weeks = weeks_before(history.arrivals, history.since, shift, history.zone, now)
    inflow = expected_inflow(weeks)
    if inflow is None:
        return Forecast(None, None, None, "insufficient", len(weeks))
    coming = [due_of(at) for at in _minutes_of(shift)]
    low, expected, high = (
        _breaches(dues, hourly, coming, capacity.per_hour / MINUTES, shift)
        for hourly in (inflow.low, inflow.expected, inflow.high)
    )
    return Forecast(expected, low, high, "seasonal_naive", len(weeks))


def _breaches(
    dues: Sequence[datetime],
    hourly: Sequence[float],
    coming: Sequence[datetime],
    worked: float,
    shift: Span,
) -> float:
    """Minute by minute: what comes in, what is done, and what was due before it was done."""
    breached = 0.0
    overdue = float(sum(at < shift.start for at in dues))
    waiting = [(at, 1.0) for at in dues if at >= shift.start]
    heapify(waiting)
    for number, at in enumerate(_minutes_of(shift)):
        while waiting and waiting[0][0] <= at:
            late = heappop(waiting)[1]
            breached, overdue = breached + late, overdue + late
        heappush(waiting, (coming[number], hourly[(at - shift.start) // HOUR] / MINUTES))
        left = worked - min(overdue, worked)
        overdue -= worked - left
        while waiting and left > NOTHING:
            due, amount = heappop(waiting)
            if amount > left + NOTHING:
                heappush(waiting, (due, amount - left))
            left -= min(amount, left)
    return breached + sum(amount for at, amount in waiting if at < shift.end)


def _minutes_of(shift: Span) -> list[datetime]:
    return [shift.start + number * MINUTE for number in range((shift.end - shift.start) // MINUTE)]
