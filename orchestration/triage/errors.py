"""What triage refuses."""


class TriageError(ValueError):
    """A clock, score, cluster or forecast that cannot be; says what was wanted and what to do."""
