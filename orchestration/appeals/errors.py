"""What appeals refuse."""


class AppealError(ValueError):
    """An act on an appeal that cannot be done; says what was found, what was wanted, what to do."""
