"""The lives of an enforcement and of an appeal: which state may follow which, and by whom."""

from collections.abc import Mapping
from enum import StrEnum

from orchestration.ledger.states import EITHER, PERSON, SYSTEM, Rule


class EnforcementState(StrEnum):
    """Where an action on a target is in its life."""

    PLANNED = "planned"
    DRY_RUN = "dry_run"
    AWAITING = "awaiting_approval"
    APPROVED = "approved"
    EXECUTING = "executing"
    UNKNOWN = "unknown"
    APPLIED = "applied"
    REVERSING = "reversing"
    REVERSED = "reversed"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    FAILED = "failed"


class AppealState(StrEnum):
    """Where a challenge to an enforcement is in its life."""

    RECEIVED = "received"
    QUEUED = "queued"
    IN_REVIEW = "in_review"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    PARTIAL = "partial"
    NOTIFIED = "notified"
    INVALID = "invalid"
    WITHDRAWN = "withdrawn"


E, A = EnforcementState, AppealState
PENDING = frozenset({E.PLANNED, E.AWAITING, E.APPROVED})  # nothing was sent yet
SENT = frozenset({E.EXECUTING, E.UNKNOWN})  # it may have been done
STANDS = frozenset({E.APPLIED, E.REVERSING})
RECONCILE = Rule("reconcile", SYSTEM)
EXPIRE = Rule("expire", SYSTEM)

ENFORCEMENT: Mapping[tuple[EnforcementState, EnforcementState], Rule] = {
    (E.PLANNED, E.DRY_RUN): Rule("simulate", SYSTEM),
    (E.PLANNED, E.AWAITING): Rule("ask", SYSTEM),
    (E.PLANNED, E.APPROVED): Rule("approve", SYSTEM),  # nobody's yes is wanted beyond the decision
    (E.PLANNED, E.BLOCKED): Rule("block", SYSTEM),
    (E.AWAITING, E.APPROVED): Rule("approve", PERSON),
    (E.AWAITING, E.BLOCKED): Rule("block", EITHER),
    (E.AWAITING, E.EXPIRED): EXPIRE,
    (E.APPROVED, E.EXECUTING): Rule("execute", SYSTEM),
    (E.APPROVED, E.BLOCKED): Rule("block", EITHER),
    (E.APPROVED, E.EXPIRED): EXPIRE,
    (E.EXECUTING, E.APPLIED): Rule("apply", SYSTEM),
    (E.EXECUTING, E.FAILED): Rule("fail", SYSTEM),
    (E.EXECUTING, E.UNKNOWN): Rule("lose", SYSTEM),
    (E.EXECUTING, E.APPROVED): Rule("give_back", SYSTEM),  # it was never sent
    (E.UNKNOWN, E.APPLIED): RECONCILE,
    (E.UNKNOWN, E.FAILED): RECONCILE,
    (E.UNKNOWN, E.APPROVED): RECONCILE,  # the target never heard of it
    (E.APPLIED, E.REVERSING): Rule("reverse", EITHER),
    (E.REVERSING, E.REVERSED): Rule("restore", SYSTEM),
    (E.REVERSING, E.APPLIED): Rule("keep", SYSTEM),  # somebody changed the target since
    (E.BLOCKED, E.PLANNED): Rule("resume", EITHER),
}
APPEAL: Mapping[tuple[AppealState, AppealState], Rule] = {
    (A.RECEIVED, A.QUEUED): Rule("queue", SYSTEM),
    (A.RECEIVED, A.INVALID): Rule("refuse", EITHER),
    (A.QUEUED, A.IN_REVIEW): Rule("review", PERSON),
    (A.IN_REVIEW, A.QUEUED): Rule("release", EITHER),
    (A.IN_REVIEW, A.UPHELD): Rule("uphold", PERSON),
    (A.IN_REVIEW, A.OVERTURNED): Rule("overturn", PERSON),
    (A.IN_REVIEW, A.PARTIAL): Rule("overturn_in_part", PERSON),
    (A.UPHELD, A.NOTIFIED): Rule("notify", SYSTEM),
    (A.OVERTURNED, A.NOTIFIED): Rule("notify", SYSTEM),
    (A.PARTIAL, A.NOTIFIED): Rule("notify", SYSTEM),
    (A.RECEIVED, A.WITHDRAWN): Rule("withdraw", EITHER),
    (A.QUEUED, A.WITHDRAWN): Rule("withdraw", EITHER),
    (A.IN_REVIEW, A.WITHDRAWN): Rule("withdraw", EITHER),
}
