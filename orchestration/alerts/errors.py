"""What the reducer and its settings refuse."""


class AlertError(ValueError):
    """An act, a record or a setting that cannot be; says what was found, wanted, what to do."""
