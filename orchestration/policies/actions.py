"""Actions: what may be done to a target, how grave that is, and what must hold before."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum

from orchestration.policies.errors import refuse

ZERO = timedelta(0)
OLDEST_LABEL = timedelta(days=30)
MOST_APPROVALS = 2
WORD_BYTES = 8
DOUBT = 0.05  # one-sided 95 %


class Gravity(IntEnum):
    """How much an action takes from its target."""

    WARN = 0
    LIMIT = 1
    SUSPEND = 2
    TERMINATE = 3


class Automation(StrEnum):
    """How much of a decision a machine may make, in the words of decisions and of the DSA."""

    FULLY = "fully"
    PARTIALLY = "partially"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a monitor's measured precision must show before it may act by itself.

    `lower_bound` is the one-sided 95 % bound over `min_n` labels or more, the newest of them no
    older than `max_label_age`. Raises PolicyError for a gate that is none.
    """

    lower_bound: float
    min_n: int
    max_label_age: timedelta

    def __post_init__(self) -> None:
        if not 0 < self.lower_bound < 1:
            refuse({f"lower_bound is {self.lower_bound}; wanted between 0 and 1.": True})
        fewest = self.fewest
        refuse(
            {
                f"min_n is {self.min_n}, but even without an error {self.lower_bound} takes "
                f"{fewest} labels; write {fewest} or more.": self.min_n < fewest,
                f"max_label_age is {self.max_label_age}; wanted more than 0 and at most 30d.": (
                    not ZERO < self.max_label_age <= OLDEST_LABEL
                ),
            }
        )

    @property
    def fewest(self) -> int:
        """The fewest labels, all correct, whose Clopper-Pearson bound reaches the gate's."""
        n = 1
        while DOUBT ** (1 / n) < self.lower_bound:
            n += 1
        return n


@dataclass(frozen=True, slots=True)
class Delay:
    """A wait of random length, so that abusers cannot learn from its timing what was noticed."""

    shortest: timedelta
    longest: timedelta

    def __post_init__(self) -> None:
        wrong = f"the delay is {self.shortest} to {self.longest}; wanted min below max, from 0m."
        refuse({wrong: not ZERO <= self.shortest < self.longest})

    def of(self, enforcement_id: str, key: bytes) -> timedelta:
        """The wait of one enforcement in whole seconds: the same whenever it is asked for."""
        digest = hmac.digest(key, enforcement_id.encode(), "sha256")
        word = int.from_bytes(digest[:WORD_BYTES], "big")
        seconds = (self.longest - self.shortest) // timedelta(seconds=1)
        return self.shortest + timedelta(seconds=word % (seconds + 1))


@dataclass(frozen=True, slots=True)
class Restriction:
    """What an action restricts in the DSA's words; `other` says what, where the word is other."""

    field: str
    word: str
    other: str | None = None

    def __post_init__(self) -> None:
        refuse(
            {
                "the word is other; say in `other` what is restricted.": (
                    self.word == "other" and not self.other
                ),
                "`other` goes with the word other only; leave it out.": (
                    self.word != "other" and self.other is not None
                ),
            }
        )


@dataclass(frozen=True, slots=True)
class Action:
    """Sets one field, `action_class`, of a target to `value`; `says` tells the user so.

    A null `duration` lasts until it is lifted. A null `gate` never acts without a person's
    decision. A null `restriction` takes nothing from anybody, so no statement of reasons is due.
    `one_off` happens once and occupies nothing. `each_member` acts on the accounts that the
    evidence names as `members`, one by one, instead of the entity. A null `approval_expires` is
    the rules' own. Raises PolicyError for an action that contradicts itself.
    """

    id: str
    action_class: str
    target_types: frozenset[str]
    value: str
    reversible: bool
    gravity: Gravity
    says: str
    approvals: int
    duration: timedelta | None
    gate: Gate | None
    restriction: Restriction | None
    one_off: bool = False
    each_member: bool = False
    approval_expires: timedelta | None = None
    delay: Delay | None = None

    def __post_init__(self) -> None:
        refuse(self._wrong() | self._wrong_times())

    def _wrong(self) -> dict[str, bool]:
        final = not self.reversible
        return {
            "target_types is empty; name at least one.": not self.target_types,
            f"approvals is {self.approvals}; write 0, 1 or 2.": self.approvals > MOST_APPROVALS,
            "it is irreversible; write approvals: 2.": final and self.approvals < MOST_APPROVALS,
            "it is irreversible; write auto: never.": final and self.gate is not None,
            "it is terminate; write auto: never.": (
                self.reversible and self.gravity is Gravity.TERMINATE and self.gate is not None
            ),
            "auto acts without people, who could not approve it; write approvals: 0 or auto: "
            "never.": self.reversible and self.gate is not None and self.approvals > 0,
            "a one-off leaves nothing to put back; write reversible: true.": (
                self.one_off and final
            ),
            "a one-off occupies nothing; write duration: none.": (
                self.one_off and self.duration is not None
            ),
        }

    def _wrong_times(self) -> dict[str, bool]:
        lasts, waits = self.duration, self.delay
        return {
            "duration is 0; write none, or how long it lasts.": lasts is not None and lasts <= ZERO,
            "approval_expires is 0; write how long it waits for people.": (
                self.approval_expires is not None and self.approval_expires <= ZERO
            ),
            "the delay may outlast the duration; shorten its max.": (
                lasts is not None and waits is not None and ZERO < lasts <= waits.longest
            ),
        }
