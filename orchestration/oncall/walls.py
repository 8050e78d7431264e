"""Wall time: what the clocks of a zone show, and the moment when they show it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from orchestration.oncall.errors import RotaError

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class Span(NamedTuple):
    """Half-open `[start, end)`, in UTC."""

    start: datetime
    end: datetime


def moment(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """When the zone's clocks show this, in UTC; a later wall time is never an earlier moment.

    Of a time that is shown twice, when clocks go back, the first. A time that is never shown, when
    they go forward or a day is left out, is the moment of the jump.
    """
    shown = datetime.combine(day, wall.replace(fold=0), zone)
    found = shown.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return found
    before = shown.replace(fold=1).astimezone(UTC)
    return _jump(before, found, zone)


def today(at: datetime, zone: ZoneInfo) -> date:
    """The date that the zone's calendars show."""
    return at.astimezone(zone).date()


def utc(at: datetime) -> datetime:
    """The time in UTC; RotaError if it has no zone."""
    if at.tzinfo is None:
        raise RotaError(f"The time is {at}, without a zone; wanted UTC. Give `tzinfo`.")
    return at.astimezone(UTC)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second from which the zone's offset is that of `after`, found by halving."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
