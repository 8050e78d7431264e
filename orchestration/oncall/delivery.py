"""When notices of each severity are told: at once, in batches, or once a day."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from monitors.contract import Severity
from orchestration.oncall.errors import RotaError
from orchestration.oncall.hours import ROUND_THE_CLOCK, ZERO, Hours, openings
from orchestration.oncall.walls import DAY, moment, today, utc

AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Every so often while the hours are open. Raises RotaError for no time, or over a day."""

    every: timedelta
    hours: Hours

    def __post_init__(self) -> None:
        if not ZERO < self.every <= DAY:
            raise RotaError(f"A batch is told every {self.every}; wanted more than 0m, at most 1d.")


@dataclass(frozen=True, slots=True)
class Digest:
    """Daily, when the zone's clocks show it."""

    at: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Delivery:
    """How S2 and S3 are told; S0 and S1 go at once."""

    batch: Batch
    digest: Digest


def told_at(delivery: Delivery, severity: Severity, at: datetime) -> datetime:
    """When a notice that arises at a moment is told; that moment or later.

    What arises in one batch, or before one digest, has the same time. Batches end so many minutes
    after the opening, and with the close, that moment included.
    """
    at = utc(at)
    if severity in ROUND_THE_CLOCK:
        return at
    if severity is Severity.S2:
        return _next_batch(delivery.batch, at)
    return _next_digest(delivery.digest, at)


def _next_batch(batch: Batch, at: datetime) -> datetime:
    span = next(openings(batch.hours, at - AN_INSTANT))  # also the one that closes now
    if at <= span.start:
        return span.start
    rounded_up = -((at - span.start) // -batch.every)
    return min(span.start + rounded_up * batch.every, span.end)


def _next_digest(digest: Digest, at: datetime) -> datetime:
    days = (today(at, digest.zone) + number * DAY for number in count())
    moments = (moment(day, digest.at, digest.zone) for day in days)
    return next(found for found in moments if found >= at)
