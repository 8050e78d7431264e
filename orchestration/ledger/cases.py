"""Cases as the ledger holds them, a row each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitors.contract import Severity
from orchestration.ledger.case_states import CASE, CaseState
from orchestration.ledger.machines import Machine
from orchestration.ledger.tables import cases


@dataclass(frozen=True, slots=True)
class Case:
    """Work for a person: alerts and entities that belong together, with priority and clock.

    `sla` and `pauses` are the clock as it was taken when the case was opened; `contributions` say
    what the score (0-100, null: nothing to score it by) is made of. `leased_by` is who works on it
    until `leased_until`. `related_id` is the closed case that this one goes on from.
    """

    case_id: str
    cluster_id: str
    source: str
    harm: str
    product: str
    severity: Severity
    score: float | None
    contributions: Mapping[str, float]
    queue: str
    rule: str
    restricted: bool
    state: CaseState
    opened_at: datetime
    changed_at: datetime
    sla: Mapping[str, Any]
    first_action_due: datetime
    resolve_due: datetime
    pauses: tuple[tuple[str, str | None], ...] = ()
    assignee: str | None = None
    first_action_at: datetime | None = None
    decided_at: datetime | None = None
    closed_at: datetime | None = None
    reopen_until: datetime | None = None
    reopens: int = 0
    related_id: str | None = None
    merged_into: str | None = None
    incident_id: str | None = None
    leased_by: str | None = None
    leased_until: datetime | None = None
    revision: int = 1


CASES = Machine(
    name="case",
    table=cases,
    key="case_id",
    record=Case,
    states=CaseState,
    begins=frozenset({CaseState.NEW}),
    rules=CASE,
    reads={"severity": Severity, "pauses": lambda rows: tuple((start, end) for start, end in rows)},
    quiet=frozenset({"leased_until", "score", "contributions", "revision"}),
)
