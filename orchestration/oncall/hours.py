"""Business hours: when a team works, and when so many minutes of its work have passed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from monitors.contract import Severity
from orchestration.oncall.errors import RotaError
from orchestration.oncall.walls import DAY, Span, moment, today, utc

ZERO = timedelta(0)
ROUND_THE_CLOCK = frozenset({Severity.S0, Severity.S1})


@dataclass(frozen=True, slots=True)
class Hours:
    """Open from `opens` to `closes`, wall time, on `weekdays` (Monday is 0) but not on `holidays`.

    A close that is not after the open is the next day's, whatever that day is; midnight to
    midnight is the whole day. Raises RotaError for hours that never open.
    """

    name: str
    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise RotaError(f"The hours '{self.name}' have no weekday; write at least one.")
        if self.opens == self.closes != time():
            raise RotaError(
                f"The hours '{self.name}' open and close at {self.opens:%H:%M}; write two times, "
                "or 00:00 and 24:00 for the whole day."
            )


def openings(hours: Hours, at: datetime) -> Iterator[Span]:
    """The opening that goes on at a moment, if one does, and all after it, without end."""
    at = utc(at)
    first = today(at, hours.zone) - DAY  # yesterday's may go on past midnight
    for number in count():
        day = first + number * DAY
        if day.weekday() not in hours.weekdays or day in hours.holidays:
            continue
        last = day if hours.closes > hours.opens else day + DAY
        start = moment(day, hours.opens, hours.zone)
        end = moment(last, hours.closes, hours.zone)
        if end > max(start, at):  # clocks that go forward may leave out a short opening
            yield Span(start, end)


def business_open(hours: Hours, at: datetime) -> bool:
    """Whether they work at that moment."""
    return next(openings(hours, at)).start <= at


def next_open(hours: Hours, at: datetime) -> datetime:
    """The first moment from `at` on when they work; `at` itself if they do."""
    return max(next(openings(hours, at)).start, utc(at))


def business_due(hours: Hours, start: datetime, minutes: int) -> datetime:
    """The first moment when so many minutes of business have passed since the start.

    None passed: the start. Raises RotaError for less.
    """
    left = timedelta(minutes=minutes)
    if left < ZERO:
        raise RotaError(f"{minutes} minutes cannot pass; wanted 0 or more.")
    due = utc(start)
    spans = openings(hours, due)
    while left > ZERO:
        span = next(spans)
        begun = max(span.start, due)
        taken = min(left, span.end - begun)
        due, left = begun + taken, left - taken
    return due


def severity_due(severity: Severity, hours: Hours, start: datetime, minutes: int) -> datetime:
    """When a clock that began at `start` runs out: for S0 and S1 all minutes count."""
    if severity in ROUND_THE_CLOCK:
        return utc(start) + timedelta(minutes=minutes)
    return business_due(hours, start, minutes)
