"""Which role may do what."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

Verb = Literal[
    "ack",
    "assign",
    "silence",  # Slack's Snooze is a silence of one group
    "unsilence",
    "false_positive",
    "lower_severity",
    "promote",
    "open_case",
    "review",  # take a case, decide it, say that information is wanted
    "reveal",
    "assign_case",
    "merge",  # and split
    "incident",
    "approve",  # or refuse an enforcement; resume a batch
    "reverse",
    "kill_switch",
    "protect",
    "receive_appeal",
    "decide_appeal",
    "certify",
    "answer",  # a review task, blind
    "adjudicate",  # what two answers disagree on
    "gold",  # say which units have a settled truth
    "classify",  # promote a classifier's model, or roll it back
    "forget",
]


class Role(StrEnum):
    """What somebody is trusted with; a person may have several."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ONCALL = "oncall"
    LEAD = "lead"
    APPROVER = "approver"
    ENGINEER = "engineer"
    ADMIN = "admin"


REVIEWS: frozenset[Verb] = frozenset(
    {"assign", "false_positive", "open_case", "review", "receive_appeal", "certify"}
)
SEES: frozenset[Verb] = frozenset({"reveal", "decide_appeal", "answer"})
STOPS: frozenset[Verb] = frozenset({"kill_switch", "incident"})
LEADS: frozenset[Verb] = frozenset({"lower_severity", "assign_case", "merge", "protect", "reverse"})
SETTLES: frozenset[Verb] = frozenset({"adjudicate", "gold"})
ANSWERS: frozenset[Verb] = REVIEWS | {"ack", "silence", "unsilence"}
PERMITTED: Mapping[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset(),
    Role.REVIEWER: REVIEWS | SEES,
    Role.ONCALL: ANSWERS | STOPS,
    Role.LEAD: ANSWERS | SEES | STOPS | LEADS | SETTLES,
    Role.APPROVER: STOPS
    | {"lower_severity", "promote", "approve", "reverse", "protect", "classify"},
    Role.ENGINEER: REVIEWS | STOPS | {"promote", "reverse", "classify"},
    Role.ADMIN: ANSWERS | STOPS | LEADS | {"promote", "forget"},
}


def roles_for(verb: Verb) -> tuple[Role, ...]:
    """The roles that may, in the order of the enum."""
    return tuple(role for role in Role if verb in PERMITTED[role])
