"""What cannot be done with a launch."""


class LaunchError(ValueError):
    """An act about a launch that is refused; the message says what is wanted."""
