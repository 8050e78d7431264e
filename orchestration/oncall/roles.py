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


REVIEWS: frozenset[Verb] = frozenset({"assign", "false_positive", "open_case"})
ANSWERS: frozenset[Verb] = REVIEWS | {"ack", "silence", "unsilence"}
PERMITTED: Mapping[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset(),
    Role.REVIEWER: REVIEWS,
    Role.ONCALL: ANSWERS,
    Role.LEAD: ANSWERS | {"lower_severity"},
    Role.APPROVER: frozenset({"lower_severity", "promote"}),
    Role.ENGINEER: REVIEWS | {"promote"},
    Role.ADMIN: ANSWERS | {"lower_severity", "promote", "forget"},
}


def roles_for(verb: Verb) -> tuple[Role, ...]:
    """The roles that may, in the order of the enum."""
    return tuple(role for role in Role if verb in PERMITTED[role])
