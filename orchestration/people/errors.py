"""What tokens refuse."""


class TokenError(ValueError):
    """A token that is not valid, or cannot be had; says what to do."""
