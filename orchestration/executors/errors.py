"""What an executor raises. Texts say what to do, and never name a target."""

from datetime import timedelta


class ExecutorError(RuntimeError):
    """An order that has no receipt."""


class Unclear(ExecutorError):  # noqa: N818 - what the outcome is
    """Whether it was done is not known: ask with `find`, or send it again under the same key."""


class Refused(ExecutorError):  # noqa: N818 - what the outcome is
    """The service will not do it, and did not; `code` is the service's reason."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(f"The service refused: {code}. {advice}")
        self.code = code


class Unreachable(ExecutorError):  # noqa: N818 - what the outcome is
    """It was never sent."""


class Slow(ExecutorError):  # noqa: N818 - what the outcome is
    """The service takes no more now, and did not do it; send it again after `retry_after`."""

    def __init__(self, retry_after: timedelta) -> None:
        seconds = retry_after.total_seconds()
        super().__init__(f"The service is busy and did nothing; try again in {seconds:.0f} s.")
        self.retry_after = retry_after


class ConfigurationError(ExecutorError, ValueError):
    """An address, secret or order that cannot be used; says what is wanted."""


class DryRunError(ExecutorError):
    """Something was to be done in dry-run."""
