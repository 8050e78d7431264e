"""Where the parent message of a thread is, written by whoever sent it."""

from sqlalchemy import Connection, update

from orchestration.ledger.database import writer
from orchestration.ledger.tables import threads


def set_parent(connection: Connection, thread_id: str, *, ts: str | None, shown: str) -> None:
    """Keep the id of a thread's parent message and the state hash that it shows; None: it is gone.

    No audit row: nobody did anything.
    """
    same = update(threads).where(threads.c.thread_id == thread_id)
    writer(connection).execute(same.values(ts=ts, shown=shown))
