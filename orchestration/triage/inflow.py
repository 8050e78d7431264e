"""What is expected to come in during a shift: as a week before, give or take earlier errors."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from orchestration.oncall.walls import Span, moment

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
# Of n errors, the k-th smallest and largest hold the next one with probability 1 - 2k/(n + 1).
# One in ten to each side is 80 %, which takes nine.
ONE_IN = 10
LEAST_ERRORS = ONE_IN - 1


@dataclass(frozen=True, slots=True)
class Inflow:
    """Cases per hour of a shift; `low` and `high` hold four shifts in five, in total."""

    expected: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def hours_of(shift: Span) -> list[datetime]:
    """When each hour of the shift begins; the last may be cut short by its end."""
    return [shift.start + number * HOUR for number in range(-((shift.start - shift.end) // HOUR))]


def weeks_before(
    arrivals: Sequence[datetime], since: datetime, shift: Span, zone: ZoneInfo, now: datetime
) -> list[tuple[int, ...]]:
    """Arrivals by hour in the same hours of the week, by the zone's clocks; the newest week first.

    `arrivals` are complete from `since` until now; only weeks wholly in between are counted, and
    what is to come, or no whole week ago, is none.
    """
    ordered = sorted(arrivals)
    weeks: list[tuple[int, ...]] = []
    ago = 1
    while (starts := [_earlier(at, ago, zone) for at in hours_of(shift)])[0] >= since:
        if starts[-1] + HOUR <= now:
            weeks.append(tuple(_between(ordered, start, start + HOUR) for start in starts))
        ago += 1
    return weeks


def expected_inflow(weeks: Sequence[tuple[int, ...]]) -> Inflow | None:
    """The newest week's hours, widened by how wrong that was before; None for too few weeks.

    The errors are those of the shift's total against the week before it. The interval always holds
    the expected value, so that errors to one side widen it only.
    """
    totals = [sum(week) for week in weeks]
    errors = sorted(newer - older for newer, older in pairwise(totals))
    if len(errors) < LEAST_ERRORS:
        return None
    place = (len(errors) + 1) // ONE_IN
    low, high = min(errors[place - 1], 0), max(errors[-place], 0)
    return Inflow(
        tuple(map(float, weeks[0])),
        _moved(weeks[0], low),
        _moved(weeks[0], high),
    )


def _between(ordered: Sequence[datetime], start: datetime, end: datetime) -> int:
    return bisect_left(ordered, end) - bisect_left(ordered, start)


def _moved(week: tuple[int, ...], by: float) -> tuple[float, ...]:
    """The hours with the total moved, not below 0; in proportion, or evenly if there were none."""
    total = sum(week)
    wanted = max(total + by, 0.0)
    if not total:
        return (wanted / len(week),) * len(week)
    return tuple(hour * wanted / total for hour in week)


def _earlier(at: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    """When the zone's clocks showed the same, so many weeks before."""
    shown = at.astimezone(zone)
    return moment(shown.date() - weeks * WEEK, shown.time(), zone)
