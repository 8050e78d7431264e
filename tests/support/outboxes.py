"""Outboxes for tests: rows in a few words, a clock to set, a receiver that keeps what it got."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Intent, Row, enqueue, rows_of
from orchestration.ledger.tables import outbox
from orchestration.outbox.drain import Drained, drain
from orchestration.outbox.progress import Progress
from orchestration.outbox.results import Deliver, Down, Result, Sent
from orchestration.outbox.settings import DEFAULT, Settings
from orchestration.outbox.work import Work
from tests.support.ledgers import NOON

TIMED_OUT = Down("timeout", unknown=True)


def after(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


@dataclass
class Clock:
    """A clock that stands until it is set; sleeping moves it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def row(name: str, seq: int, *, kind: str = "notice", **changed: Any) -> Row:  # noqa: ANN401 - any part of it
    """A row that waits since noon, in a thread of its own unless `thread` names one."""
    thread = changed.pop("thread", f"t-{name}")
    payload = {} if thread is None else {"thread": thread, "group": f"g-{thread}"}
    values: dict[str, Any] = {"receiver": "C1", "lane": 2, "payload": payload, "created_at": NOON}
    values = {**values, "not_before": NOON, **changed}
    return Row(name, seq, kind, **values)


def put(ledger: Engine, *rows: Row) -> None:
    """Write rows, as whoever asks for them does."""
    with writing(ledger) as connection:
        for each in rows:
            intent = Intent(
                each.outbox_id, each.kind, each.receiver, each.payload, each.not_before, each.lane
            )
            enqueue(connection, intents=[intent], audit_seq=1, now=each.created_at)


def many(names: Iterable[str], **changed: Any) -> list[Row]:  # noqa: ANN401 - any part of a row
    """Rows in the order of their names."""
    return [row(name, 1, **changed) for name in names]


@dataclass
class Receiver:
    """What the receivers got, by outbox id; what is not first tried is looked up before.

    `fails` may answer in its place, by the number of the call from 1.
    """

    fails: Callable[[Work, int], Result | None] = lambda _work, _number: None
    got: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def __call__(self, work: Work, seen: Progress) -> Result:
        """Take a message, once."""
        self.calls.append(work.outbox_id)
        answer = self.fails(work, len(self.calls))
        if answer is not None:
            return answer
        if seen.first_try or work.outbox_id not in self.got:
            self.got.append(work.outbox_id)
        seen.record("parent", f"ts-{len(self.got)}")
        return Sent()


def run(
    ledger: Engine,
    deliver: Deliver,
    clock: Clock,
    *,
    limit: int = 100,
    seconds: float = 10,
    fallback: Deliver | None = None,
    settings: Settings = DEFAULT,
) -> Drained:
    """One drain."""
    return drain(
        ledger,
        deliver=deliver,
        clock=clock,
        limit=limit,
        deadline=timedelta(seconds=seconds),
        worker="test",
        fallback=fallback,
        settings=settings,
        sleep=clock.sleep,
    )


def found(ledger: Engine, name: str) -> Row:
    """The row of that id."""
    with reading(ledger) as connection:
        (known,) = rows_of(connection, [name])
    return known


def outcomes(ledger: Engine) -> dict[str, str | None]:
    """What became of every row, by id."""
    with reading(ledger) as connection:
        rows = connection.execute(select(outbox.c.outbox_id, outbox.c.outcome)).all()
    return {name: outcome for name, outcome in sorted(rows)}  # noqa: C416 - rows are no pairs


def tally(ledger: Engine) -> Counter[str | None]:
    """How many rows became what."""
    return Counter(outcomes(ledger).values())
