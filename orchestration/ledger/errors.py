"""What the ledger refuses."""

from sqlalchemy.exc import DontWrapMixin


class LedgerError(ValueError, DontWrapMixin):  # SQLAlchemy passes it on as it is
    """A change or a ledger that cannot be had; says what was found, wanted, and what to do."""
