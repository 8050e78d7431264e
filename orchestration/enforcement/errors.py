"""What enforcement refuses."""


class EnforcementError(ValueError):
    """An act on enforcements that cannot be done; says what was found, wanted, what to do."""
