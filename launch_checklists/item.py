"""Items of a checklist and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from launch_checklists.facts import Facts


class Level(StrEnum):
    """How much an item weighs."""

    BLOCKER = "blocker"
    REQUIRED = "required"
    ADVISORY = "advisory"


class Outcome(StrEnum):
    """What became of an item."""

    PASS = "pass"  # noqa: S105 - an outcome
    FAIL = "fail"
    UNKNOWN = "unknown"  # the evidence cannot be had, or is out of date
    ERROR = "error"  # looking for it failed
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe saw: the outcome, what was observed, when that was so, and the remedy."""

    outcome: Outcome
    observed: str
    since: datetime | None = None
    fix: str = ""


Probe = Callable[[Facts], Seen]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a launch needs.

    `requirement` is all that is wanted, in words: what it says is what was signed. `after` are
    items that must pass before this one can be looked at. `asset` is the id of the monitor that
    shows it, and `version` its version.
    """

    id: str
    section: str
    level: Level
    requirement: str
    owner: str
    probe: Probe
    after: tuple[str, ...] = ()
    waivable: bool = True
    asset: str | None = None
