"""What the outbox refuses, and what it cannot do."""


class OutboxError(RuntimeError):
    """The outbox cannot go on, or a setting cannot be used; says what was found, what to do."""
