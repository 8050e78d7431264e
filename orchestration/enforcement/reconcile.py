"""Finding out what became of orders that nobody knows of: the target is asked, never told again."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine, and_, func, or_, select

from orchestration.cases.terms import Terms
from orchestration.enforcement.calls import CLOSED, ask_all, code_of
from orchestration.enforcement.record import applied, by_us, failed, given_back, settle, unknown
from orchestration.executors.errors import DryRunError, ExecutorError
from orchestration.executors.protocol import LATE, Executor, Receipt
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.tables import enforcements

CHUNK = 50
State = EnforcementState
Answers = Mapping[str, Receipt | ExecutorError | None]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found out, in rows.

    `given_back` were never heard of and are approved again. Of `waiting` the target has not heard,
    but a request may still be under way. `unclear` had no answer. `left` are unknown when it ends,
    the oldest of them since `oldest`; null if none is. `stopped` is why it ended early.
    """

    applied: int = 0
    failed: int = 0
    given_back: int = 0
    waiting: int = 0
    unclear: int = 0
    left: int = 0
    oldest: datetime | None = None
    stopped: str | None = None


def reconcile(
    engine: Engine,
    *,
    executor: Executor,
    terms: Terms,
    clock: Callable[[], datetime],
    deadline: timedelta,
    to_undo: bool = False,
) -> Reconciled:
    """Ask for every row that is unknown, or whose worker let its lease run out.

    With `to_undo` only for those that are to be reversed. What the target never heard of is
    approved again once no request of it can be under way. Any number may go on at once, with or
    without kill switches. Raises what is no answer of the service.
    """
    begun = clock()
    lose(engine, begun)
    counts: Counter[str] = Counter()
    after: tuple[datetime, str] | None = None
    stopped = None
    while stopped is None and begun <= clock() < begun + deadline:
        rows = _unknown(engine, after, to_undo=to_undo)
        if not rows:
            break
        after = _place(rows[-1])
        asks = {row.enforcement_id: partial(executor.find, row.idempotency_key) for row in rows}
        answers = ask_all(asks, go_on=lambda: begun <= clock() < begun + deadline)
        counts.update(_record(engine, answers, terms, clock()))
        stopped = next(
            (code_of(each) for each in answers.values() if isinstance(each, CLOSED)), None
        )
        for each in answers.values():
            if isinstance(each, DryRunError):
                raise each
    left, oldest = _left(engine)
    return Reconciled(**counts, left=left, oldest=oldest, stopped=stopped)


def lose(engine: Engine, now: datetime) -> int:
    """Make unknown what a worker never came back from; how many rows."""
    with writing(engine) as connection:
        before = where(
            connection,
            ENFORCEMENTS,
            enforcements.c.state == State.EXECUTING,
            enforcements.c.leased_until <= now,
        )
        after = [unknown(row, row.leased_until or now) for row in before.values()]
        act = by_us(now, "its worker did not come back")
        write(connection, ENFORCEMENTS, before=before, after=after, act=act)
    return len(before)


def _place(row: Enforcement) -> tuple[datetime, str]:
    return row.executing_at or row.planned_at, row.enforcement_id


def _unknown(
    engine: Engine, after: tuple[datetime, str] | None, *, to_undo: bool
) -> Sequence[Enforcement]:
    """The next rows that nobody knows of, the oldest first."""
    row = enforcements.c
    wanted = [row.state == State.UNKNOWN]
    if to_undo:
        wanted.append(row.reversal_id.is_not(None))
    if after:
        wanted.append(
            or_(
                row.executing_at > after[0],
                and_(row.executing_at == after[0], row.enforcement_id > after[1]),
            )
        )
    ordered = select(row.enforcement_id).where(*wanted)
    ordered = ordered.order_by(row.executing_at, row.enforcement_id).limit(CHUNK)
    with reading(engine) as connection:
        found = of_ids(connection, ENFORCEMENTS, connection.scalars(ordered).all())
    return sorted(found.values(), key=_place)


def _record(engine: Engine, answers: Answers, terms: Terms, now: datetime) -> Counter[str]:
    """Write what was found out of rows that nobody else has settled meanwhile."""
    counts: Counter[str] = Counter()
    with writing(engine) as connection:
        found = of_ids(connection, ENFORCEMENTS, answers)
        before = {name: row for name, row in found.items() if row.state is State.UNKNOWN}
        after = []
        for name, row in before.items():
            count, became = _became(row, answers[name], terms, now)
            counts[count] += 1
            after.append(became)
        act = by_us(now, "as the service was asked")
        settle(connection, before=before, after=after, terms=terms, act=act)
    return counts


def _became(
    row: Enforcement, answer: Receipt | ExecutorError | None, terms: Terms, now: datetime
) -> tuple[str, Enforcement]:
    """What to count, and the row as it is known now.

    When it was applied is not known: it counts from when it was claimed. None is final `LATE` after
    it was last sent, which is no later than its worker's lease.
    """
    match answer:
        case Receipt(outcome="applied" | "already"):
            at = row.executing_at or now
            return "applied", applied(row, answer, at, terms.enforcement)
        case Receipt(outcome="refused", receipt=code):
            return "failed", failed(row, code)
        case None if row.leased_until is None or row.leased_until + LATE <= now:
            return "given_back", given_back(row, row.not_before)
        case None:
            return "waiting", row
        case _:
            return "unclear", row


def _left(engine: Engine) -> tuple[int, datetime | None]:
    unknowns = select(func.count(), func.min(enforcements.c.executing_at))
    with reading(engine) as connection:
        number, oldest = connection.execute(
            unknowns.where(enforcements.c.state == State.UNKNOWN)
        ).one()
    return number, oldest
