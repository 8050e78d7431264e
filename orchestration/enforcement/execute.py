"""Carrying out what is approved: claimed, sent and recorded, a chunk at a time."""

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from json import dumps

from sqlalchemy import Connection, Engine

from orchestration.cases.terms import Terms
from orchestration.enforcement.calls import CLOSED, code_of
from orchestration.enforcement.caps import Active
from orchestration.enforcement.claim import Claimed, claim
from orchestration.enforcement.record import applied, by_us, failed, given_back, settle, unknown
from orchestration.enforcement.switches import covering, on
from orchestration.executors.batch import WORKERS, apply_all
from orchestration.executors.errors import (
    ConfigurationError,
    DryRunError,
    ExecutorError,
    Refused,
    Slow,
    Unclear,
)
from orchestration.executors.protocol import Executor, Order, Receipt
from orchestration.ledger.database import reading, writing
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import of_ids
from orchestration.policies.rules import Rules

CHUNK = 50
MARGIN = timedelta(minutes=5)  # before a lease ends: an order that was begun is through by then
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=1)  # waits after a try that was not sent
MOST_DOUBLED = 7
UNFIT = "order_unfit"
State = EnforcementState
# Type and real id behind pseudonyms; `Pseudonyms.entities_of`.
EntitiesOf = Callable[[Iterable[str]], Mapping[str, tuple[str, str]]]
Outcomes = dict[str, Receipt | ExecutorError]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run, in rows; `blocked` are also those that expired.

    `put_off` are approved again and wait. `held` are due under a kill switch or in dry-run.
    `breached` are batches. `stopped` is why it ended early: kill_switch, unreachable, slow,
    not_admitted; None if it did not.
    """

    applied: int = 0
    failed: int = 0
    unknown: int = 0
    put_off: int = 0
    blocked: int = 0
    held: int = 0
    breached: tuple[str, ...] = ()
    stopped: str | None = None


def run(
    engine: Engine,
    *,
    executor: Executor,
    entities_of: EntitiesOf,
    terms: Terms,
    active: Active,
    clock: Callable[[], datetime],
    worker: str,
    deadline: timedelta,
    limit: int,
    workers: int = WORKERS,
) -> Ran:
    """Carry out up to so many rows within the deadline. Any number of runs may go on at once.

    Only live rows of products that are live by `terms` are sent. Raises what is no answer of the
    service, after what is known was recorded.
    """
    by = f"{worker}:{secrets.token_hex(4)}"
    going = _Going(engine, executor, entities_of, terms, clock, by, workers)
    begun = clock()
    left, held = limit, 0
    while left > 0 and begun <= (now := clock()) < begun + deadline and not going.stopped:
        claimed = claim(engine, terms=terms, active=active, by=by, now=now, limit=min(left, CHUNK))
        held, left = claimed.held, left - claimed.looked_at
        going.note(claimed)
        if claimed.rows:
            going.send(claimed.rows, begun + deadline)
        elif not claimed.stopped and not claimed.breached:
            break
    return Ran(
        **going.counts, held=held, breached=tuple(going.breached), stopped=going.stopped or None
    )


def order_of(row: Enforcement, target: str, rules: Rules) -> Order:
    """The order of a row. Raises ConfigurationError for a target that no order can name."""
    value = dumps(rules.get(row.action).value)
    name = row.idempotency_key
    return Order(name, row.target_type, target, row.action, row.action_class, value, row.ends_at)


@dataclass(slots=True)
class _Going:
    """A run that is going on: what it counted, and why it goes no further."""

    engine: Engine
    executor: Executor
    entities_of: EntitiesOf
    terms: Terms
    clock: Callable[[], datetime]
    by: str
    workers: int
    counts: Counter[str] = field(default_factory=Counter)
    breached: list[str] = field(default_factory=list)
    stopped: str = ""

    def note(self, claimed: Claimed) -> None:
        """Count what was not let through."""
        self.breached += claimed.breached
        self.counts["blocked"] += len(claimed.stopped)

    def send(self, rows: Mapping[str, Enforcement], end: datetime) -> None:
        """Send a chunk, and record what came of it whatever happens."""
        orders, outcomes = self._orders(rows)
        names = {row.idempotency_key: name for name, row in rows.items()}
        until = min(end, *(row.leased_until - MARGIN for row in rows.values() if row.leased_until))
        lost: Exception | None = None
        try:
            for order, outcome in apply_all(
                self.executor, orders, workers=self.workers, go_on=self._may(rows, until)
            ):
                outcomes[names[order.key]] = outcome
                if isinstance(outcome, CLOSED):
                    self.stopped = code_of(outcome)
        except Exception as error:  # noqa: BLE001 - raised again once the rest is recorded
            lost = error
        self._record(rows, outcomes, lost=lost is not None)
        wrong = [each for each in outcomes.values() if isinstance(each, DryRunError)]
        if lost or wrong:
            raise lost or wrong[0]

    def _orders(self, rows: Mapping[str, Enforcement]) -> tuple[list[Order], Outcomes]:
        """What is to be sent, and what cannot be."""
        known = self.entities_of({row.target for row in rows.values()})
        orders, outcomes = [], Outcomes()
        for name, row in rows.items():
            if row.target not in known:
                outcomes[name] = Refused("target_unknown", "Its real id was forgotten.")
                continue
            try:
                orders.append(order_of(row, known[row.target][1], self.terms.enforcement))
            except ConfigurationError:
                outcomes[name] = Refused(UNFIT, "No order can name it.")
        return orders, outcomes

    def _may(self, rows: Mapping[str, Enforcement], until: datetime) -> Callable[[], bool]:
        """Whether another order may be sent: asked of the ledger each time."""
        concerned = {(row.product, row.monitor) for row in rows.values()}
        begun = self.clock()

        def may() -> bool:
            if self.stopped or not begun <= self.clock() < until:
                return False
            with reading(self.engine) as connection:
                names = on(connection)
            if any(covering(names, *each) for each in concerned):
                self.stopped = "kill_switch"
                return False
            return True

        return may

    def _record(self, rows: Mapping[str, Enforcement], outcomes: Outcomes, *, lost: bool) -> None:
        """Write what came of a chunk; with `lost`, what has no outcome may have been sent."""
        with writing(self.engine) as connection:
            now = self.clock()
            before = _ours(connection, rows, self.by)
            after = []
            for name, row in before.items():
                outcome = outcomes.get(name)
                if outcome is None and lost:
                    outcome = Unclear("It may have been sent.")
                count, became = _became(row, outcome, self.terms.enforcement, now)
                self.counts[count] += 1
                after.append(became)
            act = by_us(now, "as the service answered")
            settle(connection, before=before, after=after, terms=self.terms, act=act)
        if len(before) < len(rows):
            log.warning("%d rows were taken over meanwhile.", len(rows) - len(before))


def _became(
    row: Enforcement, outcome: Receipt | ExecutorError | None, rules: Rules, now: datetime
) -> tuple[str, Enforcement]:
    """What to count, and the row as it is now; None was not sent."""
    if isinstance(outcome, Receipt):
        return "applied", applied(row, outcome, now, rules)
    if outcome is None or isinstance(outcome, CLOSED):
        return "put_off", given_back(row, _again(row, outcome, now))
    if isinstance(outcome, Refused | ConfigurationError):
        code = outcome.code if isinstance(outcome, Refused) else UNFIT
        return "failed", failed(row, code)
    return "unknown", unknown(row, now)


def _again(row: Enforcement, outcome: ExecutorError | None, now: datetime) -> datetime:
    """When a row that was not sent may be sent again."""
    if outcome is None:
        return row.not_before
    if isinstance(outcome, Slow):
        return now + outcome.retry_after
    wait: timedelta = FIRST * 2 ** min(row.attempts - 1, MOST_DOUBLED)
    return now + min(LONGEST, wait)


def _ours(
    connection: Connection, rows: Mapping[str, Enforcement], by: str
) -> dict[str, Enforcement]:
    """Rows that nobody has taken over since they were claimed."""
    found = of_ids(connection, ENFORCEMENTS, rows)
    return {
        name: row
        for name, row in found.items()
        if row.state is State.EXECUTING and row.leased_by == by
    }
