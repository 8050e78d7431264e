"""When people and machines act: hours of their own day, weekdays, and sessions."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.world.draws import Generator, Real

DAY_SECONDS = 86_400
HUMAN = np.array([9, 5, 3, 2, 2, 3, 8, 20, 38, 50, 56, 58, 55, 56, 58, 58, 56, 54, 55, 60, 64, 58,
                  40, 20], dtype=float)  # fmt: skip
OFFICE = np.array([1, 1, 1, 1, 1, 2, 6, 25, 70, 95, 100, 96, 70, 90, 98, 96, 88, 60, 25, 12, 8, 5,
                   3, 2], dtype=float)  # fmt: skip
FLAT = np.ones(24)
WEEKDAY = (1.0, 1.02, 1.03, 1.0, 0.95, 0.8, 0.78)  # Monday first: people
WORKDAY = (1.0, 1.02, 1.02, 1.0, 0.92, 0.25, 0.2)  # Monday first: offices
SESSION_LENGTH = 700.0  # seconds between the start of a session and an event of it, on average
Seconds = NDArray[np.float64]


def moments(
    rng: Generator, day: datetime, offsets: Real, *, profile: Real = HUMAN, sessions: int = 0
) -> pl.Series:
    """One time within `day` (UTC) per offset, the hours an actor's zone lies ahead of UTC.

    Local times follow `profile`, 24 weights by hour. With `sessions`, events of equal offset
    gather in that many sessions a day rather than falling one by one.
    """
    n = len(offsets)
    if sessions:
        starts = rng.random(sessions)[rng.integers(0, sessions, n)]
        local = _local(starts, profile) + rng.exponential(SESSION_LENGTH, n)
    else:
        local = _local(rng.random(n), profile)
    return at(day, (local - offsets * 3600) % DAY_SECONDS)


def visits(rng: Generator, day: datetime, rows: NDArray[np.int64], offsets: Real) -> pl.Series:
    """Times of people's events within a day: each person's gather in a session for every six.

    `rows` are the person of each event, in order; `offsets` the zone of each event's person.
    """
    if not len(rows):
        return at(day, np.zeros(0))
    _, first, counts = np.unique(rows, return_index=True, return_counts=True)
    of = np.repeat(np.arange(len(first)), counts)
    session = rng.integers(0, np.maximum(1, np.ceil(counts / 6)).astype(np.int64)[of])
    jitter = (of * 0.754877666 + session * 0.569840290 + rng.random()) % 1.0  # spread evenly
    local = _local(jitter, HUMAN) + rng.exponential(SESSION_LENGTH, len(rows))
    return at(day, (local - offsets * 3600) % DAY_SECONDS)


def spread(
    rng: Generator, n: int, start: datetime, end: datetime, *, even: bool = False
) -> pl.Series:
    """`n` times between two moments, in order: evenly with a little noise, or at random."""
    length = (end - start).total_seconds()
    if even:
        places = (np.arange(n) + 0.5 + 0.6 * (rng.random(n) - 0.5)) / max(n, 1)
    else:
        places = np.sort(rng.random(n))
    return at(start, places * length)


def after(times: pl.Series, seconds: Real) -> pl.Series:
    """Each time, later by so many seconds."""
    return times + pl.Series((seconds * 1e6).astype(np.int64)).cast(pl.Duration("us"))


def at(start: datetime, seconds: Seconds) -> pl.Series:
    """Times so many seconds after a moment."""
    return _times(start, (seconds * 1e6).astype(np.int64))


def _times(start: datetime, microseconds: NDArray[np.int64]) -> pl.Series:
    epoch = (start - datetime(1970, 1, 1, tzinfo=start.tzinfo)) // timedelta(microseconds=1)
    whole = pl.Series("occurred_at", epoch + microseconds)
    return whole.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _local(chances: Real, profile: Real) -> Seconds:
    """Seconds after local midnight at which a share of a day's events has happened."""
    total = np.concatenate([[0.0], np.cumsum(profile)]) / profile.sum()
    seconds: Seconds = np.interp(chances, total, np.arange(25) * 3600.0)
    return seconds
