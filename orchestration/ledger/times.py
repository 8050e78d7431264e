"""Times as the ledger's columns hold them."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

from orchestration.ledger.ids import check_time


class Utc(TypeDecorator[datetime]):
    """A moment, in UTC both ways; writing one without a zone raises LedgerError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC; SQLite, which has no zones, keeps it without one."""
        if value is None:
            return None
        moment = check_time("a time for the ledger", value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, whatever zone the database's session has."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
