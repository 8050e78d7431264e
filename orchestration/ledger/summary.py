"""What a ledger holds, in numbers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from orchestration.ledger.audit import Head, head, ledger_id
from orchestration.ledger.outbox import oldest_waiting
from orchestration.ledger.schema import applied
from orchestration.ledger.tables import metadata


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts and ends. `oldest_waiting` is null while nothing waits in the outbox."""

    ledger_id: str | None
    migration: str | None
    head: Head | None
    oldest_waiting: datetime | None
    rows: dict[str, int]


def summary(connection: Connection) -> Summary:
    """Count the rows of every table, and look at the ends of audit and outbox."""
    rows = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }
    return Summary(
        ledger_id=ledger_id(connection),
        migration=applied(connection),
        head=head(connection),
        oldest_waiting=oldest_waiting(connection),
        rows=dict(sorted(rows.items())),
    )
