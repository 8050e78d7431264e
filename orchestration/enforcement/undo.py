"""Carrying out reversals: each target gets back exactly what was recorded, at an even pace.

Kill switches and dry-run do not hold this up.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Engine, and_, func, not_, or_, select

from orchestration.cases.terms import Terms
from orchestration.enforcement.calls import CLOSED, ask_all, code_of
from orchestration.enforcement.caps import blocked
from orchestration.enforcement.claim import LEASE
from orchestration.enforcement.execute import CHUNK, MARGIN, EntitiesOf
from orchestration.enforcement.reconcile import reconcile
from orchestration.enforcement.record import by_us, free, settle_undone
from orchestration.enforcement.reverse import CHANGED_SINCE, RESTORE, REVERSED, is_over
from orchestration.executors.errors import (
    DryRunError,
    ExecutorError,
    Refused,
)
from orchestration.executors.protocol import Executor, Order, Receipt
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids, where, write
from orchestration.ledger.tables import enforcements

AGAIN = timedelta(minutes=1)  # after which what had no clear answer is asked for again
NO_VALUE = "null"  # a restoration's own value does not count
State = EnforcementState
Outcomes = dict[str, Receipt | ExecutorError]


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of reversals, in rows.

    `ended` had nothing to give back. `kept` were changed by somebody since, or could not be
    restored; their flag says why. `unclear` had no clear answer and are asked for again. `left`
    are still to be undone. `put_off` were not asked for. `stopped` is why it ended early; None if
    it did not.
    """

    restored: int = 0
    ended: int = 0
    kept: int = 0
    unclear: int = 0
    put_off: int = 0
    blocked: int = 0
    left: int = 0
    stopped: str | None = None


def carry_out(
    engine: Engine,
    *,
    executor: Executor,
    entities_of: EntitiesOf,
    terms: Terms,
    clock: Callable[[], datetime],
    worker: str,
    deadline: timedelta,
    progress: Callable[[int, int], None] = lambda _done, _left: None,
    chunk: int = CHUNK,
) -> Undone:
    """Undo what reversals ask for within the deadline, so many rows at a time.

    What may have been done is looked up first. `progress` is told how many rows are through and
    how many are left, after each chunk. It may be repeated at any time, and any number may go on
    at once. Raises what is no answer of the service, after what is known was recorded.
    """
    by = f"{worker}:{secrets.token_hex(4)}"
    begun = clock()
    reconcile(engine, executor=executor, terms=terms, clock=clock, deadline=deadline, to_undo=True)
    going = _Going(engine, executor, entities_of, terms, clock, by)
    going.counts["blocked"] = _block(engine, clock())
    while begun <= (now := clock()) < begun + deadline and not going.stopped:
        rows = _lease(engine, by, now, chunk)
        if not rows:
            break
        done = going.counts["unclear"] + going.through
        going.restore(rows, begun + deadline)
        progress(going.through, _left(engine))
        if going.counts["unclear"] + going.through == done:
            break  # nothing could be asked: what is put off would come again at once
    return Undone(**going.counts, left=_left(engine), stopped=going.stopped or None)


@dataclass(slots=True)
class _Going:
    """Reversals that are going on."""

    engine: Engine
    executor: Executor
    entities_of: EntitiesOf
    terms: Terms
    clock: Callable[[], datetime]
    by: str
    counts: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    @property
    def through(self) -> int:
        """Rows of which no more is to be done."""
        return sum(self.counts[name] for name in ("restored", "ended", "kept"))

    def restore(self, rows: Mapping[str, Enforcement], end: datetime) -> None:
        """Restore a chunk, and record what came of it."""
        outcomes = self._outcomes(rows, end)
        self.stopped = next(
            (code_of(each) for each in outcomes.values() if isinstance(each, CLOSED)), ""
        )
        self._record(rows, outcomes)
        for each in outcomes.values():
            if isinstance(each, DryRunError):
                raise each

    def _outcomes(self, rows: Mapping[str, Enforcement], end: datetime) -> Outcomes:
        begun = self.clock()
        until = min(end, begun + LEASE - MARGIN)
        outcomes, asks = Outcomes(), {}
        known = self.entities_of({row.target for row in rows.values()})
        for name, row in rows.items():
            target = known.get(row.target)
            code = self._hindrance(row, begun, known=target is not None)
            if code:
                outcomes[name] = Refused(code, "People have to see to it.")
            elif target is not None and not is_over(row, begun):
                order = _order(row, target[1])
                of, prior = row.idempotency_key, row.prior or NO_VALUE
                asks[name] = partial(self.executor.restore, order, of=of, prior=prior)
        return outcomes | ask_all(asks, go_on=lambda: begun <= self.clock() < until)

    def _hindrance(self, row: Enforcement, now: datetime, *, known: bool) -> str | None:
        """Why an applied row cannot be restored; None if it can, or has nothing to give back."""
        action = self.terms.enforcement.actions.get(row.action)
        if action is not None and not action.reversible:
            return "irreversible"
        if is_over(row, now):
            return None
        if not known:
            return "target_unknown"
        return "no_prior" if row.prior is None else None

    def _record(self, rows: Mapping[str, Enforcement], outcomes: Outcomes) -> None:
        with writing(self.engine) as connection:
            now = self.clock()
            before = {
                name: row
                for name, row in of_ids(connection, ENFORCEMENTS, rows).items()
                if row.state is State.REVERSING and row.leased_by == self.by
            }
            after, restored = [], set()
            for name, row in before.items():
                count, became = _became(row, outcomes.get(name), now)
                self.counts[count] += 1
                after.append(became)
                restored |= {name} if count == "restored" else set()
            act = by_us(now, "as the reversal asks")
            settle_undone(connection, before=before, after=after, restored=restored, act=act)


def _order(row: Enforcement, target: str) -> Order:
    """The order of a restoration, under a key of the reversal's own."""
    key = f"{row.idempotency_key}:{row.reversal_id}"
    return Order(key, row.target_type, target, row.action, row.action_class, NO_VALUE, None)


def _became(
    row: Enforcement, outcome: Receipt | ExecutorError | None, now: datetime
) -> tuple[str, Enforcement]:
    """What to count, and the row as it is now."""
    asked = outcome is not None and not isinstance(outcome, CLOSED)
    if is_over(row, now) and not isinstance(outcome, ExecutorError):
        back = isinstance(outcome, Receipt) and outcome.outcome == "restored"
        return "restored" if back else "ended", _reversed(row, now)
    if not asked:
        return "put_off", free(row)
    match outcome:
        case Receipt(outcome="restored"):
            return "restored", _reversed(row, now)
        case Receipt():
            return "kept", _kept(row, CHANGED_SINCE)
        case Refused(code=code):
            return "kept", _kept(row, RESTORE + code)
    return "unclear", replace(row, leased_by=None, leased_until=now + AGAIN)


def _reversed(row: Enforcement, now: datetime) -> Enforcement:
    return replace(free(row), state=State.REVERSED, standing=False, reversed_at=now)


def _kept(row: Enforcement, flag: str) -> Enforcement:
    return replace(free(row), state=State.APPLIED, flag=flag)


def _block(engine: Engine, now: datetime) -> int:
    """Block what was given back after its reversal was asked for; how many rows."""
    asked = enforcements.c.reversal_id.is_not(None)
    with writing(engine) as connection:
        before = where(connection, ENFORCEMENTS, enforcements.c.state == State.APPROVED, asked)
        after = [blocked(row, REVERSED) for row in before.values()]
        act = by_us(now, "its reversal was asked for")
        write(connection, ENFORCEMENTS, before=before, after=after, act=act)
    return len(before)


def _to_undo() -> ColumnElement[bool]:
    """Which rows a reversal still has to undo."""
    row = enforcements.c
    found = or_(row.flag == CHANGED_SINCE, row.flag.startswith(RESTORE, autoescape=True))
    open_ = or_(row.flag.is_(None), not_(found))
    marked = and_(row.state == State.APPLIED, row.reversal_id.is_not(None), open_)
    return or_(marked, row.state == State.REVERSING)


def _lease(engine: Engine, by: str, now: datetime, chunk: int) -> dict[str, Enforcement]:
    row = enforcements.c
    free = or_(row.leased_until.is_(None), row.leased_until <= now)
    ids = select(row.enforcement_id).where(_to_undo(), free)
    ids = ids.order_by(row.executing_at, row.enforcement_id).limit(chunk)
    with writing(engine) as connection:
        before = of_ids(connection, ENFORCEMENTS, connection.scalars(ids).all())
        until = now + LEASE
        after = {
            name: replace(each, state=State.REVERSING, leased_by=by, leased_until=until)
            for name, each in before.items()
        }
        act = by_us(now, "its reversal was asked for")
        write(connection, ENFORCEMENTS, before=before, after=after.values(), act=act)
    return after


def _left(engine: Engine) -> int:
    """Rows that are still to be undone."""
    with reading(engine) as connection:
        return connection.scalars(
            select(func.count()).select_from(enforcements).where(_to_undo())
        ).one()
