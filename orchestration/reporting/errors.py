"""Reports that cannot be made as they were asked for."""


class ReportingError(ValueError):
    """The message says what was found, what is wanted and what to do."""
