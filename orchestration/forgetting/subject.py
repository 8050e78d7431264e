"""Who is to be forgotten, and in which columns of the contracts they may stand."""

import json
import re
from dataclasses import dataclass

from monitors.registry import contracts
from orchestration.forgetting.errors import ForgetError

# Columns that hold the ids of one kind under other names: both sides of an event.
ALSO = {"account_id": ("recipient_id", "peer_id", "target_id", "referrer_id")}
ENDS = ("_id", "_hash", "ip")  # of columns that can be about one person
NEVER = {"event_id"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One entity of a type. Raises ForgetError for a type that is not about a person."""

    entity_type: str
    entity: str

    def __post_init__(self) -> None:
        known = types()
        if self.entity_type not in known:
            raise ForgetError(
                f"There is no type '{self.entity_type}' that can be forgotten; "
                f"wanted one of {', '.join(known)}. See docs/retention.md."
            )
        if not self.entity.strip():
            raise ForgetError("The entity is empty; give its id as the events have it.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns, and entity types, under which its id stands in any contract."""
        return (self.entity_type, *ALSO.get(self.entity_type, ()))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Types under which it may have been given a pseudonym."""
        return (*self.columns, "subkey")

    @property
    def quoted(self) -> list[str]:
        """The entity as a text of JSON, its quotes included: as it is, or escaped to ASCII."""
        spellings = {json.dumps(self.entity, ensure_ascii=escaped) for escaped in (False, True)}
        return sorted(spellings)

    @property
    def word(self) -> str:
        """Pattern of the entity as a whole word, plain or as JSON escapes it."""
        spellings = {self.entity, *(text[1:-1] for text in self.quoted)}
        found = "|".join(re.escape(text) for text in sorted(spellings))
        return rf"(^|[^\w])({found})($|[^\w])"


def types() -> list[str]:
    """Types of entity that can be forgotten, in order."""
    names = {name for contract in contracts().values() for name in contract.schema}
    return sorted(name for name in names - NEVER if name.endswith(ENDS))
