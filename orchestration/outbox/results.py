"""What can come of sending a message, and who sends one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from orchestration.outbox.progress import Progress
from orchestration.outbox.work import Work


@dataclass(frozen=True, slots=True)
class Sent:
    """It arrived."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Nothing was done; the receiver wants a pause."""

    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class Down:
    """The receiver could not be reached. `unknown`: it may have been done all the same."""

    code: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """It will be refused again, however often it is sent."""

    code: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A message that it would have changed or replied to was deleted by a person.

    What was kept in `Progress` is forgotten, and it is sent once more, as if from the beginning.
    Whoever gives this first forgets what else it knows of the deleted message.
    """


Result = Sent | Busy | Down | Refused | Gone


class Deliver(Protocol):
    """Sends one message, without a transaction of the ledger around it.

    Each call must end by itself within half a minute. Where `seen.first_try` is false it may have
    been sent before, in part or in whole: look for its `outbox_id` first. An exception counts as
    a failure of this message, and lets the drain fail once it is through.
    """

    def __call__(self, work: Work, seen: Progress, /) -> Result:
        """What came of it."""
        ...


Describe = Callable[[Work], str]  # one message as plain text: ids and counts
