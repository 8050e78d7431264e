"""How much may be sent to a receiver now, and how long a failure is waited out."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from orchestration.ledger.channels import Channel
from orchestration.ledger.outbox import LONGEST
from orchestration.outbox.settings import Settings

SKEW = timedelta(seconds=60)  # how far the clocks of machines that drain may be apart
FIRST, LAST = 2.0, 60.0  # seconds until the first retry, and between later ones
WHOLE = 1 - 1e-6  # a token, as far as adding up seconds is exact


def fresh(receiver: str, now: datetime, settings: Settings) -> Channel:
    """A receiver to which nothing was sent yet."""
    return Channel(receiver, float(settings.burst), now)


def tokens_at(channel: Channel, now: datetime, settings: Settings) -> float:
    """Messages that may be sent at once; all, where the clock was put back since."""
    if channel.refilled_at > now + SKEW:
        return float(settings.burst)
    seconds = max(0.0, (now - channel.refilled_at).total_seconds())
    return min(float(settings.burst), channel.tokens + seconds * settings.rate)


def token_at(channel: Channel, now: datetime, settings: Settings) -> datetime:
    """When a message may be sent: now, or later."""
    missing = WHOLE - tokens_at(channel, now, settings)
    if missing <= 0:
        return now
    return now + timedelta(seconds=(missing + 2e-6) / settings.rate)


def taken(channel: Channel, now: datetime, settings: Settings) -> Channel:
    """The receiver after a message. Urgent ones may leave it in debt, of one burst at most."""
    left = max(tokens_at(channel, now, settings) - 1, -float(settings.burst))
    return replace(channel, tokens=left, refilled_at=now)


def is_blocked(channel: Channel, now: datetime) -> bool:
    """Whether it asked for a pause that has not ended; one too long is of another clock."""
    until = channel.blocked_until
    return until is not None and now < until <= now + LONGEST


def backoff(outbox_id: str, attempt: int) -> timedelta:
    """How long a row waits after its attempt, from 1: twice as long each time, up to a minute.

    Between half of it and all of it, by the row's id: rows that failed together come apart, and
    the same failure always waits the same.
    """
    longest = min(LAST, FIRST * 2.0 ** min(attempt - 1, 10))
    digest = hashlib.sha256(f"{outbox_id}:{attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return timedelta(seconds=longest * (0.5 + share / 2))
