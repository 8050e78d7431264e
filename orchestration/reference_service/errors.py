"""What the service refuses."""


class RefusedError(ValueError):
    """A request that is not carried out: its status, a code, and a text that names no target."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ServiceError(RuntimeError):
    """The service cannot be started; says what was found and what to do."""


def malformed(part: str, wanted: str) -> RefusedError:
    """A request with a part that cannot be read."""
    return RefusedError(400, "malformed", f"'{part}' is not as wanted: {wanted}.")
