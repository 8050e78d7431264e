"""Who does something to the ledger, when and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id, check_line, check_time

Kind = Literal["person", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who proved who they are, by Slack or token, or a part of Watchfloor itself."""

    id: str
    kind: Kind

    def __post_init__(self) -> None:
        if ":" in check_id("actor", self.id):  # `system:` stands before the parts of Watchfloor
            raise LedgerError(f"The actor is '{self.id}'; wanted an id without a colon.")


@dataclass(frozen=True, slots=True)
class Act:
    """One actor's act. `reason` is one line; `on_behalf_of` is the person a system acts for.

    Raises LedgerError for a time without a zone, and for texts that are no id or no line.
    """

    actor: Actor
    at: datetime
    reason: str
    on_behalf_of: str | None = None

    def __post_init__(self) -> None:
        check_time("the act's time", self.at)
        check_line("reason", self.reason)
        if self.on_behalf_of is not None:
            check_id("on_behalf_of", self.on_behalf_of)
