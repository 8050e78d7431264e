"""Codes of appeals: why somebody objects, what is answered, and why it was decided so."""

from collections.abc import Mapping
from enum import StrEnum

from orchestration.oncall.scalars import unknown


class Reason(StrEnum):
    """Why a user objects; what they write stays in the product's support system."""

    NOT_VIOLATING = "not_violating"
    NOT_ME = "not_me"  # somebody else used the account
    CONTEXT_MISSING = "context_missing"
    PERMITTED = "permitted"
    TOO_SEVERE = "too_severe"
    OTHER = "other"


class Code(StrEnum):
    """What became of a request to appeal. The first two go on; the others say why it does not."""

    ACCEPTED = "accepted"
    WAITS = "waits"  # it is not known yet whether the enforcement was done
    UNKNOWN_ENFORCEMENT = "unknown_enforcement"
    DRY_RUN = "dry_run"
    NOT_APPLIED = "not_applied"
    ALREADY_REVERSED = "already_reversed"
    ALREADY_OPEN = "already_open"
    TOO_LATE = "too_late"
    REFERENCE_REUSED = "reference_reused"


GOES_ON = frozenset({Code.ACCEPTED, Code.WAITS})
SAID: Mapping[Code, str] = {
    Code.ACCEPTED: "Somebody who had no part in it reviews the appeal.",
    Code.WAITS: "It is not known yet whether the enforcement was done; the appeal waits for that.",
    Code.UNKNOWN_ENFORCEMENT: "The product has no such enforcement; copy the notice's reference.",
    Code.DRY_RUN: "The enforcement was only simulated; nothing was done to anybody.",
    Code.NOT_APPLIED: "The enforcement was not done; there is nothing to take back.",
    Code.ALREADY_REVERSED: "The enforcement is taken back already, or is being so.",
    Code.ALREADY_OPEN: "An appeal against it is open under another reference; it is the one given.",
    Code.TOO_LATE: "The time in which it could be appealed is over.",
    Code.REFERENCE_REUSED: "The reference stands for an appeal against another enforcement; give "
    "this one its own.",
}


class Outcome(StrEnum):
    """What a reviewer says of an enforcement."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    PARTIAL = "partial"  # something lighter was right


MOOT = "moot"  # kept in place of an outcome: it was taken back before anybody decided


class Rationale(StrEnum):
    """Why a reviewer says so."""

    VIOLATION_CONFIRMED = "violation_confirmed"
    NO_VIOLATION = "no_violation"
    PERMITTED = "permitted"
    EVIDENCE_INSUFFICIENT = "evidence_insufficient"
    NOT_THEM = "not_them"  # somebody else used the account, or it is another's
    TOO_SEVERE = "too_severe"
    NEW_INFORMATION = "new_information"


R = Rationale
RATIONALES: Mapping[Outcome, frozenset[Rationale]] = {
    Outcome.UPHELD: frozenset({R.VIOLATION_CONFIRMED}),
    Outcome.OVERTURNED: frozenset(
        {R.NO_VIOLATION, R.PERMITTED, R.EVIDENCE_INSUFFICIENT, R.NOT_THEM, R.NEW_INFORMATION}
    ),
    Outcome.PARTIAL: frozenset({R.TOO_SEVERE, R.NEW_INFORMATION}),
}


def reason_of(text: str) -> Reason | None:
    """The reason of a code; None for anything else, which may be what somebody wrote."""
    return Reason(text) if text in set(Reason) else None


def wrong_rationale(outcome: Outcome, rationale: str) -> str:
    """What is wrong with a rationale; empty if it fits."""
    fitting = RATIONALES[outcome]
    return "" if rationale in fitting else unknown(rationale, fitting, f"rationale for {outcome}")
