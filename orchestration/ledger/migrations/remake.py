"""Dropping tables that nothing has written yet."""

from alembic import op
from sqlalchemy import func, select, table

from orchestration.ledger.errors import LedgerError


def drop_empty(*names: str) -> None:
    """Drop tables, those that refer to others first. Raises LedgerError for one that has rows."""
    for name in names:
        rows = op.get_bind().execute(select(func.count()).select_from(table(name))).scalar_one()
        if rows:
            raise LedgerError(
                f"Table {name} has {rows} rows that no released version wrote; wanted none. "
                "Back the ledger up and make a new one."
            )
        op.drop_table(name)
