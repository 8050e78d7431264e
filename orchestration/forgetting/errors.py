"""What forgetting refuses."""


class ForgetError(ValueError):
    """Something that cannot be forgotten, or was not to the end; says what to do."""
