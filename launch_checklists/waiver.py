"""Waivers: one item let pass for a while, by somebody who may, for a reason."""

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, model_validator

from launch_checklists.parts import Line, Name, Part

LONGEST_BLOCKER = timedelta(days=14)  # operations §4.3
LONGEST = timedelta(days=90)
MOST_RENEWALS = 1


class Waiver(Part):
    """One item that may fail until a day. `created` and `expires` are UTC days, the last included.

    `renewal` is 1 if it goes on from an earlier one of the same item, in whose place it stands:
    the ledger knows the earlier one, and that there is no third.
    """

    item: Name
    reason: Line
    risk: Line
    compensating: Line
    owner: Name
    approver: Name
    created: date
    expires: date
    renewal: Annotated[int, Field(ge=0, le=MOST_RENEWALS)] = 0

    @model_validator(mode="after")
    def _forward(self) -> "Waiver":
        if self.expires < self.created:
            raise ValueError(
                f"it was made on {self.created} and ends on {self.expires}; wanted an end that is "
                "not before."
            )
        if self.expires - self.created > LONGEST:
            raise ValueError(
                f"it is for {(self.expires - self.created).days} days; wanted {LONGEST.days} at "
                "most. Mend what is wrong, or renew it once."
            )
        if self.owner == self.approver:
            raise ValueError(
                f"{self.owner} owns it and approves it; wanted somebody else to approve."
            )
        return self

    def active(self, today: date) -> bool:
        """Whether it holds on a UTC day."""
        return self.created <= today <= self.expires

    def left(self, today: date) -> int:
        """Days until it ends; 0 on its last day."""
        return (self.expires - today).days
