"""The wall of dry-run: what stands where an executor would stand."""

from typing import NoReturn

from orchestration.executors.errors import DryRunError
from orchestration.executors.protocol import Executor, Notice, Order, Receipt

REFUSED = (
    "Something was to be {what} in dry-run, and was not. The planner ends a dry-run before it "
    "comes here: report this as a fault. Only `mode: live` in enforcement.yaml lets it act."
)


class Refusing:
    """Applies and tells nothing, whatever it is given.

    Dry-run is a state that the planner gives, and needs no executor. This is given to what executes
    while the mode is dry-run, so that a fault there raises instead of acting. What was done before
    the mode was set back can still be asked for and undone, through `behind`.
    """

    def __init__(self, behind: Executor | None = None) -> None:
        self._behind = behind

    def apply(self, order: Order) -> NoReturn:
        """Raise DryRunError."""
        del order
        raise DryRunError(REFUSED.format(what="done"))

    def tell(self, notice: Notice) -> NoReturn:
        """Raise DryRunError."""
        del notice
        raise DryRunError(REFUSED.format(what="told to a user"))

    def restore(self, order: Order, *, of: str, prior: str) -> Receipt:
        """What was really done is undone in every mode."""
        return self._needed().restore(order, of=of, prior=prior)

    def find(self, key: str) -> Receipt | None:
        """Ask what was done under a key."""
        return self._needed().find(key)

    def _needed(self) -> Executor:
        if self._behind is None:
            raise DryRunError(
                "Something that was done is to be undone or asked for, and no service is "
                "configured. Give the address of the one that did it."
            )
        return self._behind
