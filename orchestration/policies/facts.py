"""What users and authorities are told of a decision: ids, counts and dates, and no content."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orchestration.policies.errors import PolicyError, refuse

ID = re.compile(r"[A-Za-z0-9_-]{1,500}")  # what the DSA's database takes as a puid
NO_OFFSET = timedelta(0)
OLDEST = datetime(2020, 1, 1, tzinfo=UTC)  # the DSA's database takes no earlier application


@dataclass(frozen=True, slots=True)
class Facts:
    """`count` events between `first` and `last`, both UTC, under a reference of ours.

    `detected` says whether a machine noticed them. Raises PolicyError for what is no id, no
    count or no UTC time.
    """

    reference: str
    count: int
    first: datetime
    last: datetime
    detected: bool

    def __post_init__(self) -> None:
        check_id(self.reference, "reference")
        in_utc(self.first, "first")
        in_utc(self.last, "last")
        refuse(
            {
                f"count is {self.count}; wanted at least 1.": self.count < 1,
                f"first {self.first} is after last {self.last}; swap them.": (
                    self.first > self.last
                ),
            }
        )

    @property
    def told(self) -> str:
        """The facts in a sentence."""
        events = "1 event" if self.count == 1 else f"{self.count} events"
        noticed = "automated means" if self.detected else "people"
        return (
            f"{events} between {minute(self.first)} and {minute(self.last)}, noticed by {noticed}. "
            f"Reference: {self.reference}."
        )


def check_id(text: str, what: str) -> None:
    """Raise PolicyError for what is no opaque id; it may be personal, and is not repeated."""
    if not ID.fullmatch(text):
        raise PolicyError(f"The {what} is no id; use letters, digits, hyphens and underscores.")


def in_utc(moment: datetime, what: str) -> None:
    """Raise PolicyError for a moment that is not in UTC, or before 2020."""
    if moment.utcoffset() != NO_OFFSET:
        raise PolicyError(f"{what} {moment} is not in UTC; convert it.")
    if moment < OLDEST:
        raise PolicyError(f"{what} {moment} is before 2020; correct it.")


def minute(moment: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
