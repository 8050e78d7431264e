"""What casework refuses."""


class CaseError(ValueError):
    """An act on a case that cannot be done; says what was found, what was wanted, what to do."""
