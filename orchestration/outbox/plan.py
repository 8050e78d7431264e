"""What to send next: pure, from the rows that wait and what is known of their receivers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby

from orchestration.ledger.channels import ELSEWHERE, Channel
from orchestration.ledger.outbox import DIGEST, URGENT, Row
from orchestration.outbox.buckets import (
    WHOLE,
    fresh,
    is_blocked,
    token_at,
    tokens_at,
)
from orchestration.outbox.lines import queue
from orchestration.outbox.settings import Settings
from orchestration.outbox.storms import collapsed
from orchestration.outbox.work import S0, Work, order

NONE: frozenset[str] = frozenset()


def plan(
    rows: Iterable[Row],
    channels: Mapping[str, Channel],
    now: datetime,
    settings: Settings,
    *,
    stopped: frozenset[str] = NONE,
) -> list[Work]:
    """Messages that may be sent now, in order: S0, then by lane, then by age.

    `rows` are all that may be done now, and those held that they depend on. A row is in one message
    or waits. Nothing goes to `stopped` receivers, which were tried in vain just now. Within a lane
    those that fail come last: they take the longest.
    """
    works = []
    for receiver, its in _by_receiver(rows).items():
        channel = channels.get(receiver) or fresh(receiver, now, settings)
        works += _for_one(its, channel, now, settings, is_stopped=receiver in stopped)
    failing = {name for name, known in channels.items() if known.failing_since}
    return sorted(
        works, key=lambda work: (work.lane, work.receiver in failing, work.seq, work.outbox_id)
    )


def wakes_at(
    rows: Iterable[Row],
    channels: Mapping[str, Channel],
    now: datetime,
    settings: Settings,
    *,
    stopped: frozenset[str] = NONE,
) -> datetime | None:
    """When the next message may be sent that waits for nothing but its turn; None if none does."""
    found = []
    for receiver, its in _by_receiver(rows).items():
        channel = channels.get(receiver) or fresh(receiver, now, settings)
        if receiver in stopped or is_blocked(channel, now) or channel.failing_since:
            continue
        free_at = token_at(channel, now, settings)
        if free_at > now and queue(its, now):
            found.append(free_at)
    return min(found, default=None)


def _by_receiver(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.receiver].append(row)
    return found


def _for_one(
    rows: list[Row], channel: Channel, now: datetime, settings: Settings, *, is_stopped: bool
) -> list[Work]:
    away = is_stopped or is_blocked(channel, now)
    tried = [row for row in rows if row.attempts and row.is_free(now) and not row.is_due(now)]
    elsewhere = _elsewhere(rows, channel, now, settings, is_away=away or bool(tried))
    if away:
        return elsewhere
    gone = {row.outbox_id for work in elsewhere for row in work.rows}
    works = queue([row for row in rows if row.outbox_id not in gone], now)
    if channel.failing_since:
        return elsewhere + _probe(works, waits=bool(tried))
    return elsewhere + _affordable(collapsed(works, channel, now, settings), channel, now, settings)


def _probe(works: list[Work], *, waits: bool) -> list[Work]:
    """To a receiver that fails: all S0, or else one message, unless one waits to be tried again."""
    urgent = [work for work in works if work.lane == S0]
    return urgent or ([] if waits else works[:1])


def _affordable(
    works: list[Work], channel: Channel, now: datetime, settings: Settings
) -> list[Work]:
    """The first of a queue, as many as may be sent at once; S0 in any case."""
    tokens = tokens_at(channel, now, settings)
    found = []
    for work in works:
        if work.lane != S0 and tokens < WHOLE:
            break
        tokens -= 1
        found.append(work)
    return found


def _elsewhere(
    rows: list[Row], channel: Channel, now: datetime, settings: Settings, *, is_away: bool
) -> list[Work]:
    """What is told by the second notifier: each S0 by itself, and the rest in one message."""
    if not settings.elsewhere:
        return []
    chosen = [row for row in rows if _goes(row, channel, now, settings, is_away=is_away)]
    chosen.sort(key=lambda row: (row.lane != S0, *order(row)))
    works = []
    for is_rest, some in groupby(chosen, key=lambda row: row.lane != S0):
        found = list(some)
        sets = [found] if is_rest else [[row] for row in found]
        works += [
            Work(tuple(each), min(row.lane for row in each), via="elsewhere") for each in sets
        ]
    return works


def _goes(row: Row, channel: Channel, now: datetime, settings: Settings, *, is_away: bool) -> bool:
    """Whether a row was kept waiting for too long: by its receiver, or by what is wrong with it."""
    if row.kind in (DIGEST, ELSEWHERE) or not row.is_free(now):
        return False
    failed = bool(row.attempts) and not row.is_due(now)
    waited = now - row.since if failed else timedelta(0)
    if is_away and channel.failing_since and (failed or row.is_due(now)):
        waited = max(waited, now - channel.failing_since)
    return waited >= (settings.urgent_after if row.lane <= URGENT else settings.all_after)
