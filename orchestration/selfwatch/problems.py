"""Faults over time: each is told once when it begins, again while it lasts, and when it is over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.outbox import URGENT, Intent, enqueue
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import problems
from orchestration.selfwatch.faults import Fault

HEALTH = "health"
ACTOR = Actor(HEALTH, "system")
LANE = 3
QUIET = timedelta(minutes=30)  # what comes back sooner has not been over
AGAIN = timedelta(hours=4)
MOST = 500  # problems named in one message, of which twenty are shown


@dataclass(frozen=True, slots=True)
class Problem:
    """A row of `problems`: one fault, from when it was first seen. `gone_at`: it is over."""

    problem_id: str
    kind: str
    object: str
    first_seen: datetime
    last_seen: datetime
    page: bool
    gone_at: datetime | None = None

    def tells(self, at: datetime) -> int:
        """How often it had been told anew, had it lasted until then."""
        return max(at - self.first_seen, timedelta(0)) // AGAIN


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look brought about; `lasting` are all problems that go on after it."""

    new: tuple[Problem, ...] = ()
    again: tuple[Problem, ...] = ()
    over: tuple[Problem, ...] = ()
    lasting: tuple[Problem, ...] = ()

    @property
    def told(self) -> tuple[Problem, ...]:
        """What is to be told."""
        return (*self.new, *self.again, *self.over)


def keep(engine: Engine, faults: Iterable[Fault], *, receiver: str, now: datetime) -> Changes:
    """Write what a look found, and queue one message of what is new, lasts, or is over.

    All in one transaction: a look that is repeated tells nothing twice. Nothing is written where
    nothing is or was wrong. Raises LedgerError if the ledger fails.
    """
    found = {fault.problem_id: fault for fault in faults}
    with reading(engine) as connection:
        if not found and not _going_on(connection):
            return Changes()
    with writing(engine) as connection:
        known = _going_on(connection)
        changes = compared(known, found.values(), now=now)
        rows = [*changes.lasting, *changes.over]
        upsert(connection, problems, [_row(one) for one in rows], by=("problem_id",))
        if changes.told:
            _tell(connection, changes, receiver, now)
    return changes


def compared(known: Sequence[Problem], faults: Iterable[Fault], *, now: datetime) -> Changes:
    """What became of known problems and of the faults that are there now. Pure."""
    before = {one.problem_id: one for one in known}
    seen = {fault.problem_id: fault for fault in sorted(faults)}
    new = [
        Problem(name, fault.kind, fault.object, now, now, fault.page)
        for name, fault in seen.items()
        if name not in before
    ]
    lasts, again, over = [], [], []
    for name, one in before.items():
        if name in seen:
            later = replace(one, last_seen=max(now, one.last_seen), page=seen[name].page)
            lasts.append(later)
            if later.tells(now) > one.tells(one.last_seen):
                again.append(later)
        elif now - one.last_seen >= QUIET:
            over.append(replace(one, gone_at=now))
        else:
            lasts.append(one)
    return Changes(tuple(new), tuple(again), tuple(over), (*new, *lasts))


def _going_on(connection: Connection) -> list[Problem]:
    rows = select(problems).where(problems.c.gone_at.is_(None)).order_by(problems.c.problem_id)
    return [Problem(**row) for row in connection.execute(rows).mappings()]


def _row(one: Problem) -> dict[str, object]:
    return {name: getattr(one, name) for name in problems.c.keys()}  # noqa: SIM118 - no dict


def _tell(connection: Connection, changes: Changes, receiver: str, now: datetime) -> None:
    parts = [f"{one.problem_id}.{one.first_seen.isoformat()}.{one.gone_at}" for one in changes.told]
    told_again = [str(one.tells(now)) for one in changes.again]
    digest = digest_parts(HEALTH, *parts, *told_again)
    counts = f"{len(changes.new)} new, {len(changes.again)} again, {len(changes.over)} over"
    seq = append(
        connection, act=Act(ACTOR, now, counts), verb=HEALTH, object_id="watchfloor", after=digest
    )
    payload: dict[str, str | int | list[str]] = {
        "new": _ids(changes.new),
        "again": _ids(changes.again),
        "over": _ids(changes.over),
        "lasting": len(changes.lasting),
    }
    intent = Intent(
        outbox_id=digest,
        kind=HEALTH,
        receiver=receiver,
        lane=URGENT if any(one.page for one in changes.told) else LANE,
        payload=payload,
        not_before=now,
    )
    enqueue(connection, intents=[intent], audit_seq=seq, now=now)


def _ids(some: Sequence[Problem]) -> list[str]:
    """Ids, what pages somebody first."""
    ordered = sorted(some, key=lambda one: (not one.page, one.kind, one.object))
    return [one.problem_id for one in ordered[:MOST]]
