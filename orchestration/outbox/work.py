"""One message to send, and the rows it is made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestration.ledger.leases import Outcome
from orchestration.ledger.outbox import Row

Via = Literal["receiver", "elsewhere"]
S0 = 0  # the lane of imminent harm


@dataclass(frozen=True, slots=True)
class Work:
    """One message to send. `rows` are ended by it, and the last of them names it.

    `absorbed` are told by it too, and end as `outcome` before it is sent. `lane` is the lowest of
    all its rows, or that of one that waits behind it in its thread. `new`: its row is yet to be
    written.
    """

    rows: tuple[Row, ...]
    lane: int
    absorbed: tuple[Row, ...] = ()
    outcome: Outcome = "merged"
    via: Via = "receiver"
    new: bool = False

    @property
    def head(self) -> Row:
        """The row that names it; its id is the message's."""
        return self.rows[-1]

    @property
    def outbox_id(self) -> str:
        """Id that a message carries, by which it is found again."""
        return self.head.outbox_id

    @property
    def receiver(self) -> str:
        """Where it is told, or would be."""
        return self.head.receiver

    @property
    def every(self) -> tuple[Row, ...]:
        """All rows it tells, oldest first, without one made for it."""
        known = (*self.absorbed, *(() if self.new else self.rows))
        return tuple(sorted(known, key=order))

    @property
    def seq(self) -> int:
        """Order of the oldest act it tells."""
        return self.every[0].seq

    @property
    def since(self) -> datetime:
        """Since when the oldest of its rows was due; a message shows a delay over a minute."""
        return min(row.since for row in self.every)


def order(row: Row) -> tuple[int, str]:
    """Order in which rows were asked for."""
    return (row.seq, row.outbox_id)


def alone(row: Row) -> Work:
    """A message that tells one row."""
    return Work((row,), row.lane)


def together(rows: list[Row]) -> Work:
    """One message that tells rows by the newest of them, the last."""
    return Work((rows[-1],), min(row.lane for row in rows), absorbed=tuple(rows[:-1]))
