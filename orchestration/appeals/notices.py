"""Sending notices: leased, told once each through the executor, and recorded as they went.

Kill switches hold up none: who was acted on is told. What was simulated has no notice.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, and_, exists, or_, select, update

from orchestration.appeals.receive import DESK
from orchestration.appeals.texts import parts_of
from orchestration.cases.terms import Terms
from orchestration.enforcement.calls import CLOSED, ask_all, code_of
from orchestration.enforcement.execute import EntitiesOf
from orchestration.executors.errors import (
    ConfigurationError,
    DryRunError,
    ExecutorError,
    Refused,
    Slow,
)
from orchestration.executors.protocol import Executor, Notice
from orchestration.ledger.acts import Act
from orchestration.ledger.appeals import APPEALS
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writing
from orchestration.ledger.enforcement_states import AppealState
from orchestration.ledger.ids import digest_record
from orchestration.ledger.machines import of_ids, write
from orchestration.ledger.tables import notices

CHUNK = 50
LEASE, MARGIN = timedelta(minutes=10), timedelta(minutes=5)
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)  # waits after a try
MOST_DOUBLED = 7
MOST = 20  # tries without a clear answer
TOLD = "told"
NOT_YET = frozenset({AppealState.UPHELD, AppealState.OVERTURNED, AppealState.PARTIAL})
FREED = {"leased_by": None, "leased_until": None}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending, in notices.

    `failed` are given up, with a code each. `put_off` had no clear answer or were not sent, and are
    sent again later. `stopped` is why it ended early; None if it did not.
    """

    sent: int = 0
    failed: int = 0
    put_off: int = 0
    stopped: str | None = None


def send(
    engine: Engine,
    *,
    executor: Executor,
    entities_of: EntitiesOf,
    terms: Terms,
    clock: Callable[[], datetime],
    worker: str,
    deadline: timedelta,
    chunk: int = CHUNK,
) -> Sent:
    """Tell users what is queued for them, the oldest first, within the deadline.

    Of one enforcement no notice overtakes another. Once the notice of an appeal was sent, it is
    notified. Any number may go on at once. Raises what is no answer of the service, after what is
    known was recorded.
    """
    going = _Going(engine, executor, entities_of, terms, clock, f"{worker}:{secrets.token_hex(4)}")
    begun = clock()
    while begun <= (now := clock()) < begun + deadline and not going.stopped:
        rows = _lease(engine, going.by, now, chunk)
        if not rows:
            break
        going.send(rows, min(begun + deadline, now + LEASE - MARGIN))
    return Sent(**going.counts, stopped=going.stopped or None)


@dataclass(slots=True)
class _Going:
    """Sending that goes on: what it counted, and why it goes no further."""

    engine: Engine
    executor: Executor
    entities_of: EntitiesOf
    terms: Terms
    clock: Callable[[], datetime]
    by: str
    counts: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def send(self, rows: Mapping[str, Row], end: datetime) -> None:
        """Send a chunk, and record what came of it."""
        answers: dict[str, str | ExecutorError] = {}
        asks = {}
        known = self.entities_of({row["target"] for row in rows.values()})
        for name, row in rows.items():
            if row["target"] not in known:
                answers[name] = Refused("target_unknown", "Its real id was forgotten.")
                continue
            asks[name] = partial(self._tell, row, known[row["target"]][1])
        begun = self.clock()
        answers |= ask_all(asks, go_on=lambda: begun <= self.clock() < end)
        closed = [each for each in answers.values() if isinstance(each, CLOSED)]
        self.stopped = code_of(closed[0]) if closed else ""
        self._record(rows, answers)
        for each in closed:
            if isinstance(each, DryRunError):
                raise each

    def _tell(self, row: Row, target: str) -> str:
        parts = parts_of(row["kind"], row["fields"], self.terms)
        self.executor.tell(Notice(row["notice_id"], row["target_type"], target, parts))
        return TOLD

    def _record(self, rows: Mapping[str, Row], answers: Mapping[str, str | ExecutorError]) -> None:
        with writing(self.engine) as connection:
            now = self.clock()
            mine = _ours(connection, rows, self.by)
            done: list[Row] = []
            changes: list[Change] = []
            for name, row in mine.items():
                count, values = _became(row, answers.get(name), now)
                self.counts[count] += 1
                connection.execute(
                    update(notices).where(notices.c.notice_id == name).values(**FREED | values)
                )
                if count == "put_off":
                    continue
                after = {**row, **values}
                verb = "send" if count == "sent" else "give_up"
                changes.append(Change(verb, f"notice:{name}", _digest(row), _digest(after)))
                done += [row] if count == "sent" else []
            append_all(connection, act=Act(DESK, now, "as the service answered"), changes=changes)
            _notified(connection, done, now)


def _became(
    row: Row,
    answer: str | ExecutorError | None,
    now: datetime,
) -> tuple[str, dict[str, Any]]:
    """What to count, and what changes of the notice."""
    tries = row["attempts"] + 1
    match answer:
        case None:
            return "put_off", {}
        case str() | Refused(code="key_reused"):  # or told before, in other words
            return "sent", {"state": "sent", "sent_at": now, "attempts": tries, "error": None}
        case _ if isinstance(answer, CLOSED):
            again = answer.retry_after if isinstance(answer, Slow) else _wait(tries)
            error = code_of(answer)
        case Refused(code=code):
            return "failed", {"state": "failed", "attempts": tries, "error": code}
        case ConfigurationError():
            return "failed", {"state": "failed", "attempts": tries, "error": "notice_unfit"}
        case _ if tries >= MOST:
            return "failed", {"state": "failed", "attempts": tries, "error": "unclear"}
        case _:
            again, error = _wait(tries), "unclear"
    # A lease of nobody's: nobody takes it before.
    return "put_off", {"attempts": tries, "error": error, "leased_until": now + again}


def _wait(tries: int) -> timedelta:
    wait: timedelta = FIRST * 2 ** min(tries - 1, MOST_DOUBLED)
    return min(LONGEST, wait)


def _lease(engine: Engine, by: str, now: datetime, chunk: int) -> dict[str, Row]:
    """Lease notices that nobody holds; of one enforcement the oldest alone."""
    n, older = notices.c, notices.alias("older")
    before = exists().where(
        older.c.state == "queued",
        older.c.enforcement_id == n.enforcement_id,
        older.c.audit_seq < n.audit_seq,
    )
    free = or_(n.leased_until.is_(None), n.leased_until <= now)
    query = select(notices).where(n.state == "queued", free, ~before)
    with writing(engine) as connection:
        found = connection.execute(query.order_by(n.queued_at, n.audit_seq).limit(chunk))
        rows: dict[str, Row] = {row["notice_id"]: dict(row) for row in found.mappings()}
        leased = update(notices).where(n.notice_id.in_(list(rows)))
        connection.execute(leased.values(leased_by=by, leased_until=now + LEASE))
    return rows


def _ours(connection: Connection, rows: Mapping[str, Row], by: str) -> dict[str, Row]:
    """Those that nobody took over since they were leased."""
    n = notices.c
    mine = and_(n.notice_id.in_(list(rows)), n.leased_by == by, n.state == "queued")
    found = connection.execute(select(notices).where(mine).order_by(n.audit_seq)).mappings()
    return {row["notice_id"]: dict(row) for row in found}


def _notified(connection: Connection, sent: list[Row], now: datetime) -> None:
    """Move the appeals whose users were told."""
    ids = [row["appeal_id"] for row in sent if row["appeal_id"]]
    before = of_ids(connection, APPEALS, ids)
    after = [
        replace(appeal, state=AppealState.NOTIFIED, notified_at=now)
        for appeal in before.values()
        if appeal.state in NOT_YET
    ]
    act = Act(DESK, now, "its user was told")
    write(connection, APPEALS, before=before, after=after, act=act)


def _digest(row: Row) -> str:
    """Digest of what says what was told, and whether."""
    parts = ("notice_id", "kind", "enforcement_id", "appeal_id", "fields", "state", "sent_at")
    return digest_record({name: row[name] for name in (*parts, "error")})
