"""Writing many rows, each in place of the one with the same key."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from orchestration.ledger.database import writer

BATCH = 500


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    *,
    by: Sequence[str],
) -> None:
    """Write rows; one whose key (`by`) is there already takes that row's place."""
    kind = sqlite.insert if writer(connection).dialect.name == "sqlite" else postgresql.insert
    written = kind(table)
    rest = [column.name for column in table.columns if column.name not in by]
    replacing = written.on_conflict_do_update(
        index_elements=list(by), set_={name: written.excluded[name] for name in rest}
    )
    for at in range(0, len(rows), BATCH):
        connection.execute(replacing, list(rows[at : at + BATCH]))
