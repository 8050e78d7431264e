"""What blind review refuses."""


class ReviewError(ValueError):
    """An act of review that cannot be done; says what was found, what was wanted, what to do."""
