"""What the ledger and the settings say is wrong: what waits, what was not taken in or sealed."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from orchestration.ledger.errors import LedgerError
from orchestration.ledger.outbox import backlog
from orchestration.ledger.seals import read_seals, seals_in
from orchestration.ledger.tables import audit, intake
from orchestration.selfwatch.faults import Fault

LATE = timedelta(minutes=5)
BEHIND = timedelta(hours=2)
UNSEALED = timedelta(days=2)


def of_ledger(
    connection: Connection, *, home: Path, made_at: datetime | None, now: datetime
) -> list[Fault]:
    """What is wrong by now. `made_at` is when something was last evaluated; null: never."""
    return [
        *outbox_fault(connection, now=now),
        *_intake(connection, made_at, now),
        *_seal(connection, home, now),
    ]


def of_settings(wrong: Mapping[str, str]) -> list[Fault]:
    """Settings files that are not in force as they stand."""
    return [Fault("settings", name) for name in wrong]


def outbox_fault(connection: Connection, *, now: datetime) -> Iterator[Fault]:
    """That what is to be told does not leave."""
    _, oldest = backlog(connection, now)
    if oldest is not None and now - oldest > LATE:
        yield Fault("outbox", "outbox", page=True)


def _intake(connection: Connection, made_at: datetime | None, now: datetime) -> Iterator[Fault]:
    """That nothing is taken in though something is evaluated."""
    newest = select(intake.c.at).order_by(intake.c.at.desc()).limit(1)
    first = select(audit.c.at).order_by(audit.c.seq).limit(1)
    taken = connection.scalars(newest).first() or connection.scalars(first).first()
    if taken is not None and made_at is not None and made_at > taken and now - taken > BEHIND:
        yield Fault("intake", "intake", page=True)


def _seal(connection: Connection, home: Path, now: datetime) -> Iterator[Fault]:
    """That a ledger older than two days has no seal newer than that, or none can be read."""
    first = connection.scalars(select(audit.c.at).order_by(audit.c.seq).limit(1)).first()
    try:
        times = [seal.at for seal in read_seals(seals_in(home))]
    except LedgerError:  # `watchfloor ledger verify` says which line
        yield Fault("seal", "unreadable")
        return
    if now - max([*times, *([first] if first else [])], default=now) > UNSEALED:
        yield Fault("seal", "ledger")
