"""The life of a case: which state may follow which, and who may bring it about."""

from collections.abc import Mapping
from enum import StrEnum

from orchestration.ledger.states import EITHER, PERSON, SYSTEM, Rule


class CaseState(StrEnum):
    """Where a case is in its life."""

    NEW = "new"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    IN_REVIEW = "in_review"
    NEEDS_INFO = "needs_info"
    ESCALATED = "escalated"
    DECIDED = "decided"
    CLOSED = "closed"
    REOPENED = "reopened"


S = CaseState
WAITING = frozenset({S.TRIAGED, S.ESCALATED})  # may be taken by the next reviewer
HELD = frozenset({S.ASSIGNED, S.IN_REVIEW})  # somebody's, as long as the lease runs
OPEN = frozenset({S.NEW, S.TRIAGED, S.ASSIGNED, S.IN_REVIEW, S.NEEDS_INFO, S.ESCALATED, S.REOPENED})
MERGE = Rule("merge", PERSON)
ESCALATE = Rule("escalate", EITHER)

CASE: Mapping[tuple[CaseState, CaseState], Rule] = {
    (S.NEW, S.TRIAGED): Rule("triage", SYSTEM),
    (S.TRIAGED, S.ASSIGNED): Rule("assign", PERSON),
    (S.ASSIGNED, S.TRIAGED): Rule("release", EITHER),  # the lease ran out, or its owner gave it up
    (S.ASSIGNED, S.IN_REVIEW): Rule("review", PERSON),
    (S.IN_REVIEW, S.TRIAGED): Rule("release", EITHER),
    (S.IN_REVIEW, S.NEEDS_INFO): Rule("ask", PERSON),
    (S.NEEDS_INFO, S.IN_REVIEW): Rule("answer", EITHER),
    (S.IN_REVIEW, S.DECIDED): Rule("decide", PERSON),
    (S.DECIDED, S.CLOSED): Rule("close", EITHER),
    (S.CLOSED, S.REOPENED): Rule("reopen", EITHER),
    (S.REOPENED, S.TRIAGED): Rule("triage", SYSTEM),
    (S.ESCALATED, S.IN_REVIEW): Rule("review", PERSON),
    **{(state, S.ESCALATED): ESCALATE for state in sorted(OPEN - {S.ESCALATED})},
    **{(state, S.CLOSED): MERGE for state in sorted(OPEN)},
}
