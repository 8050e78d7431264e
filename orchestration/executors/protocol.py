"""What acts on a target, and undoes it: orders and receipts. `docs/executors.md` has the rules.

Values are JSON texts, so that nothing between the service and the ledger changes them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from orchestration.executors.errors import ConfigurationError

Outcome = Literal["applied", "already", "restored", "changed_since", "refused"]
KEY = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
LONGEST_TARGET = 500
LONGEST_VALUE = 4000
LATE = timedelta(minutes=10)  # a request is valid for five minutes; clocks may be five apart


@dataclass(frozen=True, slots=True)
class Order:
    """One action on one target: set the field `action_class` to `value`, a JSON text.

    `key` names this order for ever: an order that was reversed or refused is given again under a
    new one. `target` is the real id, which no text shows. At `until` the value ends by itself; None
    means never. Raises ConfigurationError, which names the part.
    """

    key: str
    target_type: str
    target: str = field(repr=False)
    action: str
    action_class: str
    value: str
    until: datetime | None

    def __post_init__(self) -> None:
        check_key(self.key)
        for part in ("target_type", "action", "action_class"):
            if not NAME.fullmatch(getattr(self, part)):
                raise ConfigurationError(f"An order's {part} is no name; wanted a-z, 0-9 and _.")
        if not 0 < len(self.target) <= LONGEST_TARGET:
            raise ConfigurationError(f"A target's id has 1 to {LONGEST_TARGET} characters.")
        check_value("value", self.value)
        if self.until is not None and self.until.tzinfo is None:
            raise ConfigurationError("An order's until has no time zone; wanted UTC.")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a service did under a key; the same key always has the same receipt.

    `applied` set the field. `already`: it had that value, and nothing was changed. `restored`: it
    has its prior value again. `changed_since`: somebody changed it since, and it was left alone.
    `refused`, which only `find` gives: nothing was done, and `receipt` is the reason's code.
    `receipt` is the service's own id. `prior` and `now` are the field before and after, as JSON;
    None where the service does not say.
    """

    key: str
    outcome: Outcome
    receipt: str
    prior: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a user is told, once per `id`. `text` holds the parts of the message by name."""

    id: str
    target_type: str
    target: str = field(repr=False)
    text: Mapping[str, str] = field(repr=False)

    def __post_init__(self) -> None:
        check_key(self.id)
        if not NAME.fullmatch(self.target_type) or not 0 < len(self.target) <= LONGEST_TARGET:
            raise ConfigurationError("A notice's target has no type, or no id that can be used.")


class Executor(Protocol):
    """Acts on targets. Every method may be repeated, and raises an ExecutorError."""

    def apply(self, order: Order) -> Receipt:
        """Do it, once per key: `applied` or `already`, with the prior value."""
        ...

    def restore(self, order: Order, *, of: str, prior: str) -> Receipt:
        """Give back what the application `of` replaced: `restored` or `changed_since`.

        `order` is the application's, under a key of its own; its value and end do not count.
        """
        ...

    def find(self, key: str) -> Receipt | None:
        """What was done under a key; None if the service never heard of it.

        A request may still be under way: None is final only `LATE` after the key was last sent.
        """
        ...

    def tell(self, notice: Notice) -> None:
        """Pass a notice on to the user, once per id."""
        ...


def check_key(key: str) -> None:
    """Raise ConfigurationError unless it can be a key."""
    if not KEY.fullmatch(key):
        raise ConfigurationError("A key has 1 to 200 letters, digits and _ . : - signs.")


def check_value(part: str, value: str) -> None:
    """Raise ConfigurationError unless it is a JSON text that is not too long."""
    if len(value) > LONGEST_VALUE:
        raise ConfigurationError(f"An order's {part} is longer than {LONGEST_VALUE} characters.")
    try:
        json.loads(value)
    except ValueError:
        raise ConfigurationError(
            f"An order's {part} is no JSON text; wanted one such as '\"suspended\"'."
        ) from None
