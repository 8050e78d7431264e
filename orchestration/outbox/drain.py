"""Sending what waits in the outbox. Any number of drains may run at once, in any processes."""

import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from orchestration.ledger.errors import LedgerError
from orchestration.ledger.leases import LostLeaseError
from orchestration.ledger.outbox import backlog
from orchestration.outbox import record
from orchestration.outbox.errors import OutboxError
from orchestration.outbox.progress import LEASE, MARGIN, Holder, Progress
from orchestration.outbox.results import Busy, Deliver, Down, Gone, Refused, Result, Sent
from orchestration.outbox.settings import DEFAULT, Settings
from orchestration.outbox.take import take
from orchestration.outbox.work import Work

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drained:
    """What came of a drain, in rows; of `retried`, in messages.

    `merged` and `collapsed` are told by another row, `fallback` by the second notifier. `waiting`
    are due and not done when it ends, `oldest` says since when the first of them is.
    """

    sent: int = 0
    merged: int = 0
    collapsed: int = 0
    fallback: int = 0
    retried: int = 0
    refused: int = 0
    waiting: int = 0
    oldest: datetime | None = None


def drain(
    engine: Engine,
    *,
    deliver: Deliver,
    clock: Callable[[], datetime],
    limit: int,
    deadline: timedelta,
    worker: str,
    fallback: Deliver | None = None,
    settings: Settings = DEFAULT,
    sleep: Callable[[float], None] = time.sleep,
) -> Drained:
    """Send up to so many messages within the deadline; ends early when nothing can be sent.

    A message that fails never keeps others from being sent. An exception of `deliver` is kept with
    its row as a failure and raised when the drain is through, several as an ExceptionGroup. Raises
    LedgerError and OutboxError if the ledger fails. A clock put back or forth ends the drain.
    """
    holder = Holder(engine, clock, f"{worker}:{secrets.token_hex(4)}")
    going = _Going(holder, deliver, fallback, replace(settings, elsewhere=fallback is not None))
    try:
        going.run(limit, deadline, sleep)
    except (OutboxError, LedgerError) as error:
        going.errors.append(error)
    if len(going.errors) > 1:
        raise ExceptionGroup("Several messages of the outbox failed.", going.errors)
    if going.errors:
        raise going.errors[0]
    with holder.reading() as connection:
        number, oldest = backlog(connection, clock())
    return Drained(**going.counts, waiting=number, oldest=oldest)


class _Going:
    """A drain that is going on: what it counted, and what it gave up."""

    def __init__(
        self, holder: Holder, deliver: Deliver, fallback: Deliver | None, settings: Settings
    ) -> None:
        self.holder = holder
        self.deliver = deliver
        self.fallback = fallback
        self.settings = settings
        self.counts: Counter[str] = Counter()
        self.errors: list[Exception] = []
        self.stopped: frozenset[str] = frozenset()

    def run(self, limit: int, deadline: timedelta, sleep: Callable[[float], None]) -> None:
        """Take and send, until nothing is left, the time is over or enough was sent."""
        begun = self.holder.clock()
        end = begun + deadline
        left, slept = limit, 0.0  # slept for too long under a clock that stands, as in a replay
        while left > 0 and begun <= (now := self.holder.clock()) < end:
            taken = take(
                self.holder,
                until=min(now + LEASE, end + MARGIN),
                limit=left,
                settings=self.settings,
                stopped=self.stopped,
            )
            self.counts.update(taken.ended)
            left -= len(taken.works)
            if taken.works:
                self._send(taken.works, begun, end)
            elif taken.wakes_at and taken.wakes_at < end:
                pause = (taken.wakes_at - now).total_seconds()
                if slept + pause > deadline.total_seconds():
                    return
                sleep(pause)
                slept += pause
            else:
                return

    def _send(self, works: list[tuple[Work, Progress]], begun: datetime, end: datetime) -> None:
        back, failed = [], set()
        for work, seen in works:
            in_time = begun <= self.holder.clock() < end
            line = work.head.thread or work.outbox_id
            if line in failed or not in_time or self._is_stopped(work):
                back.append(work)
            elif not self._one(work, seen):
                failed.add(line)  # what comes next in its thread must know that it was tried
        if back:
            record.give_back(self.holder, back)

    def _is_stopped(self, work: Work) -> bool:
        if work.via == "elsewhere":
            return not self.settings.elsewhere
        return work.receiver in self.stopped

    def _one(self, work: Work, seen: Progress) -> bool:
        """Send one message; whether it arrived."""
        try:
            self.holder.hold(work.rows)
            result = self._result(work, seen)
            work = replace(work, rows=(*work.rows[:-1], seen.now_known(work.head)))
            self._record(work, seen, result)
        except LostLeaseError:
            log.warning("Outbox row %s was taken over by another drain.", work.outbox_id)
            return False
        return isinstance(result, Sent)

    def _result(self, work: Work, seen: Progress) -> Result | Exception:
        send = self.fallback if work.via == "elsewhere" else self.deliver
        if send is None:
            raise OutboxError("A message is to go elsewhere, and there is no second notifier.")
        try:
            return send(work, seen)
        except LostLeaseError:
            raise
        except Exception as error:  # noqa: BLE001 - kept, and raised when the drain is through
            self.errors.append(error)
            return error

    def _record(self, work: Work, seen: Progress, result: Result | Exception) -> None:
        if work.via == "elsewhere":
            self._record_elsewhere(work, result)
            return
        match result:
            case Sent():
                record.sent(self.holder, work)
                self.counts["sent"] += len(work.rows)
                return
            case Refused(code):
                self._refused(work, seen, code)
                return
            case Gone() if record.GONE in work.head.progress:
                self._refused(work, seen, record.GONE)
                return
            case Gone():
                record.begin_again(self.holder, work)
            case Busy(retry_after):
                record.busy(self.holder, work, retry_after)
                self.stopped |= {work.receiver}
            case Down(code, unknown):
                record.down(self.holder, work, _code(code), unknown=unknown)
                self.stopped |= {work.receiver}
            case _:
                record.failed(self.holder, work, type(result).__name__)
        self.counts["retried"] += 1

    def _record_elsewhere(self, work: Work, result: Result | Exception) -> None:
        if isinstance(result, Sent):
            record.sent(self.holder, work)
            self.counts["fallback"] += len(work.rows)
            return
        self.settings = replace(self.settings, elsewhere=False)
        record.failed(self.holder, work, f"elsewhere:{_name(result)}")
        self.counts["retried"] += 1

    def _refused(self, work: Work, seen: Progress, code: str) -> None:
        """Told elsewhere at once. If that is away too it is tried again, else it is over."""
        elsewhere = "none"
        if self.fallback and self.settings.elsewhere:
            result = self._result(replace(work, via="elsewhere"), seen)
            if not isinstance(result, Sent | Refused):
                self.settings = replace(self.settings, elsewhere=False)
            elsewhere = _name(result)
        if self.fallback and not self.settings.elsewhere:
            record.failed(self.holder, work, _code(code))
            self.counts["retried"] += 1
            return
        record.refused(self.holder, work, _code(code), elsewhere=elsewhere)
        self.counts["refused"] += len(work.rows)


def _name(result: Result | Exception) -> str:
    if isinstance(result, Down | Refused):
        return _code(result.code)
    return type(result).__name__


def _code(code: str) -> str:
    """A code as the ledger keeps it; an answer from outside may be anything."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", code)[:100] or "unnamed"
