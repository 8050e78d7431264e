"""What a command cannot do, and the exit code that says so."""

FOUND_WRONG, USAGE, NO_DATA = 1, 2, 3
PACKAGES = ("monitors", "orchestration", "assets", "sensors", "launch_checklists")


class NoDataError(ValueError):
    """What was asked for cannot be done because the lake holds nothing for it."""


class QueryError(ValueError):
    """A query that cannot be run; the message says what is wanted."""


def is_ours(error: BaseException) -> bool:
    """Whether the error is of one of our own classes, whose message tells a person what to do."""
    return type(error).__module__.split(".")[0] in PACKAGES
