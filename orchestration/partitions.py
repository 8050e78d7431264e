"""Partitions of time: hours and days, half-open, in UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from monitors.evaluate import Span

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEY = {"1h": "%Y-%m-%d-%H:%M", "1d": "%Y-%m-%d"}
LENGTH = {"1h": HOUR, "1d": DAY}


def hour_of(time: datetime) -> datetime:
    """Start of the hour that holds `time`."""
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(time: datetime) -> datetime:
    """Start of the UTC day that holds `time`."""
    return hour_of(time).replace(hour=0)


def key_of(start: datetime, every: str) -> str:
    """Dagster's key of the partition that begins at `start`."""
    return start.strftime(KEY[every])


def start_of(key: str, every: str) -> datetime:
    """Start of the partition with this key of Dagster's."""
    return datetime.strptime(key, KEY[every]).replace(tzinfo=UTC)


def starts(span: Span, every: str) -> Iterator[datetime]:
    """Start of each partition in the span."""
    start = hour_of(span.start) if every == "1h" else day_of(span.start)
    while start < span.end:
        yield start
        start += LENGTH[every]


def by_day(span: Span) -> Iterator[Span]:
    """The span cut at each UTC midnight."""
    start = span.start
    while start < span.end:
        end = min(day_of(start) + DAY, span.end)
        yield Span(start, end)
        start = end
