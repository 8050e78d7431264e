"""What can be wrong with Watchfloor itself."""

from dataclasses import dataclass
from typing import Literal

from orchestration.ledger.ids import digest_parts

Kind = Literal[
    "check", "asset", "tick", "run", "outbox", "intake", "seal", "settings",
    "cap", "sla", "unknown", "notices",
]  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong now. `object` names it by an id; `page`: it keeps people in the dark.

    What is wrong with one check, asset, tick, run or part of Watchfloor is one fault, whatever
    the reason.
    """

    kind: Kind
    object: str
    page: bool = False

    @property
    def problem_id(self) -> str:
        """The same for the same thing, whenever it is wrong."""
        return digest_parts("problem", self.kind, self.object)
