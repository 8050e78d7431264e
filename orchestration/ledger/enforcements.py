"""Enforcements as the ledger holds them, a row each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestration.ledger.enforcement_states import ENFORCEMENT, EnforcementState
from orchestration.ledger.machines import Machine
from orchestration.ledger.tables import enforcements

EnforcementMode = Literal["dry_run", "live"]
Automated = Literal["fully", "partially", "not"]


@dataclass(frozen=True, slots=True)
class Enforcement:
    """One action on one target, from its plan to its reversal.

    `standing` rows hold their (target, action_class): at most one does. `needs` is how many people
    must say yes; `lower` and `n` are the monitor's measured precision that an automatic one relied
    on, null where a decision stands behind it. `prior` is what the target had before, as JSON.
    `code` says why it is blocked, failed or expired; `flag` why a person should look at it.
    """

    enforcement_id: str
    idempotency_key: str
    batch_id: str
    product: str
    policy_id: str
    policy_version: int
    target_type: str
    target: str
    action: str
    action_class: str
    mode: EnforcementMode
    state: EnforcementState
    automated: Automated
    needs: int
    planned_at: datetime
    not_before: datetime
    standing: bool = False
    decision_id: str | None = None
    alert_id: str | None = None
    monitor: str | None = None
    version: int | None = None
    tenant: str | None = None
    code: str | None = None
    lower: float | None = None
    n: int | None = None
    expires_at: datetime | None = None
    approved_at: datetime | None = None
    admitted_at: datetime | None = None
    executing_at: datetime | None = None
    applied_at: datetime | None = None
    ends_at: datetime | None = None
    reversed_at: datetime | None = None
    reversal_id: str | None = None
    prior: str | None = None
    receipt: str | None = None
    flag: str | None = None
    leased_by: str | None = None
    leased_until: datetime | None = None
    attempts: int = 0


ENFORCEMENTS = Machine(
    name="enforcement",
    table=enforcements,
    key="enforcement_id",
    record=Enforcement,
    states=EnforcementState,
    begins=frozenset({EnforcementState.PLANNED}),
    rules=ENFORCEMENT,
    quiet=frozenset({"leased_by", "leased_until", "attempts"}),
)
