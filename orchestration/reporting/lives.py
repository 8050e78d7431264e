"""Lives of cases from what the audit says of them: when each was open, and who had it when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

TAKES = frozenset({"assign", "review", "answer"})
GIVES = frozenset({"release", "ask", "escalate", "decide", "close"})
ENDS, AGAIN, MERGE = "close", "reopen", "merge"
ZERO = timedelta(0)


class Step(NamedTuple):
    """One act on a case; `first`: there was no case before it."""

    verb: str
    at: datetime
    by_system: bool
    first: bool = False


class Open(NamedTuple):
    """A time in which a case was open; null `went`: it still is."""

    came: datetime
    went: datetime | None


class Round(NamedTuple):
    """From when a case came, or came again, to a decision: all the time, and that in hand."""

    came: datetime
    decided_at: datetime
    touch: timedelta

    @property
    def wait(self) -> timedelta:
        """The time in which nobody had it."""
        return max(ZERO, self.decided_at - self.came - self.touch)


@dataclass(slots=True)
class _Case:
    """A case between two acts."""

    came: datetime | None = None
    taken: datetime | None = None
    touch: timedelta = ZERO


def opens(steps: Iterable[Step], *, merged_at: datetime | None = None) -> list[Open]:
    """When the case was open; `merged_at` is when it became part of another, null if never."""
    found: list[Open] = []
    came: datetime | None = None
    for step in steps:
        over = step.verb == ENDS or (step.verb == MERGE and step.at == merged_at)
        if step.first or (step.verb == AGAIN and came is None):
            came = step.at
        elif over and came is not None:
            found.append(Open(came, max(came, step.at)))  # clocks are put back at times
            came = None
    return [*found, Open(came, None)] if came is not None else found


def rounds(steps: Iterable[Step]) -> list[Round]:
    """Each decision of the case, with how long somebody had it.

    In hand is from when somebody took it until that person did something with it. What a lease
    that ran out ended is waiting: nobody knows that it was worked on.
    """
    found: list[Round] = []
    now = _Case()
    for step in steps:
        if step.first or step.verb == AGAIN:
            now = _Case(came=step.at)
        elif step.verb in TAKES:
            now.taken = now.taken or step.at
        elif step.verb in GIVES:
            if now.taken is not None and not step.by_system:
                now.touch += max(ZERO, step.at - now.taken)
            now.taken = None
        if step.verb == "decide" and now.came is not None:
            found.append(Round(now.came, step.at, now.touch))
    return found
