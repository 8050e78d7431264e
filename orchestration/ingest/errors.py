"""What can be wrong with a source or a file."""


class IngestError(ValueError):
    """A source or a file cannot be ingested; the message says what to do, and quotes no data."""
