"""What acts refuse."""

from dataclasses import dataclass
from datetime import datetime


class ActError(ValueError):
    """An act that cannot be done; says what was found, wanted, what to do."""


@dataclass(frozen=True, slots=True)
class LastAct:
    """What a person last did to a thread."""

    who: str
    verb: str
    at: datetime


class StaleError(ActError):
    """The group has changed since the person saw it; `last` says who did what, None if nobody."""

    def __init__(self, last: LastAct | None) -> None:
        self.last = last
        what = f"{last.who}: {last.verb} at {last.at:%H:%M} UTC" if last else "news was found"
        super().__init__(
            f"Nothing was done: the group has changed since you saw it ({what}). "
            "Look at it as it is now, then decide."
        )
