"""What of a message is done already, kept as it is done."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from orchestration.ledger import leases
from orchestration.ledger.database import reading, writing
from orchestration.ledger.outbox import Row
from orchestration.outbox.errors import OutboxError

LEASE = timedelta(seconds=60)
MARGIN = timedelta(seconds=30)  # within which one message is sent, or has failed
OURS = frozenset({"due", "rows", "into", "gone"})  # what the drain itself keeps there


@dataclass(frozen=True, slots=True)
class Holder:
    """One drain, as the ledger knows it."""

    engine: Engine
    clock: Callable[[], datetime]
    by: str

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One look at the ledger; OutboxError if the database fails in it."""
        with _failing_as_ours(), reading(self.engine) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One short transaction of the ledger; OutboxError if the database fails in it."""
        with _failing_as_ours(), writing(self.engine) as connection:
            yield connection

    def hold(self, rows: Sequence[Row]) -> None:
        """Renew leases that could end before the rows are sent. Raises LostLeaseError."""
        now = self.clock()
        if all(row.leased_until and row.leased_until - now >= MARGIN for row in rows):
            return
        ids = [row.outbox_id for row in rows]
        with self.writing() as connection:
            leases.renew(connection, ids, by=self.by, until=now + LEASE)


@contextmanager
def _failing_as_ours() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise OutboxError(
            f"The ledger failed under the outbox: {error.orig}. What was leased is looked up and "
            "sent again once its lease is over. Look at the database and its disk."
        ) from error


class Progress:
    """What of one message is done. `first_try`: nothing of it can have been done yet."""

    def __init__(
        self, holder: Holder, ids: Sequence[str], known: dict[str, str | int], *, first_try: bool
    ) -> None:
        self.first_try = first_try
        self._holder = holder
        self._ids = ids  # the last one's progress it is
        self._known = known

    @property
    def parts(self) -> dict[str, str | int]:
        """Parts that are done, by name: ids and counts."""
        return {name: value for name, value in self._known.items() if name not in OURS}

    def now_known(self, row: Row) -> Row:
        """A row with what is known of it by now."""
        return replace(row, progress=self._known)

    def record(self, part: str, value: str | int) -> None:
        """Keep that a part is done, at once, and hold the message for another minute.

        Raises LostLeaseError if somebody else sends it by now: let it pass, and send nothing more.
        """
        if part in OURS:
            raise OutboxError(f"Part '{part}' is the drain's own; choose another name.")
        known = {**self._known, part: value}
        now = self._holder.clock()
        with self._holder.writing() as connection:
            leases.progress(connection, self._ids[-1], known, by=self._holder.by)
            leases.renew(connection, self._ids, by=self._holder.by, until=now + LEASE)
        self._known = known
