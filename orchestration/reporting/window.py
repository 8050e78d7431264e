"""The time that a report is about."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orchestration.reporting.errors import ReportingError

WEEK = timedelta(weeks=1)
NAME = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open `[start, end)`, in UTC. Raises ReportingError for a time without a zone."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ReportingError("A time of the window has no zone; wanted UTC. Give `tzinfo`.")
        if self.end <= self.start:
            raise ReportingError(
                f"The window is {self.start:%Y-%m-%d %H:%MZ} to {self.end:%Y-%m-%d %H:%MZ}; wanted "
                "an end after its start. Turn them round."
            )

    @property
    def text(self) -> str:
        """Both ends, to the minute."""
        return f"{self.start:%Y-%m-%d %H:%MZ} to {self.end:%Y-%m-%d %H:%MZ}"


def week_of(name: str) -> Window:
    """The week from Monday on that ISO 8601 calls so, as in 2026-W10; else ReportingError."""
    match = NAME.fullmatch(name)
    try:
        start = datetime.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:  # a year without a 53rd week
        start = None
    if start is None:
        raise ReportingError(f"'{name}' is no week; wanted a year and its week, as in 2026-W10.")
    start = start.replace(tzinfo=UTC)
    return Window(start, start + WEEK)


def week_before(now: datetime) -> str:
    """The name of the last week that is over."""
    return name_of(now - WEEK)


def name_of(at: datetime) -> str:
    """The name of the week of a moment."""
    year, week, _ = at.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"
