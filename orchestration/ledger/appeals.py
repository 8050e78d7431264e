"""Appeals as the ledger holds them, a row each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.ledger.enforcement_states import APPEAL, AppealState
from orchestration.ledger.machines import Machine
from orchestration.ledger.tables import appeals


@dataclass(frozen=True, slots=True)
class Appeal:
    """A challenge to one enforcement. `reference` is the product's own number of the request."""

    appeal_id: str
    enforcement_id: str
    product: str
    reference: str
    reason: str
    state: AppealState
    received_at: datetime
    sla: Mapping[str, Any]
    due_at: datetime
    reviewer: str | None = None
    outcome: str | None = None
    rationale: str | None = None
    policy_version: int | None = None
    decided_at: datetime | None = None
    notified_at: datetime | None = None
    reversal_id: str | None = None
    leased_by: str | None = None
    leased_until: datetime | None = None


APPEALS = Machine(
    name="appeal",
    table=appeals,
    key="appeal_id",
    record=Appeal,
    states=AppealState,
    begins=frozenset({AppealState.RECEIVED}),
    rules=APPEAL,
    quiet=frozenset({"leased_until"}),
)
