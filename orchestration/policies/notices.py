"""Notices to users, and statements of reasons for export; nothing is sent from here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orchestration.policies.actions import Action, Automation
from orchestration.policies.dsa import END_DATES, TERRITORY, full
from orchestration.policies.errors import PolicyError
from orchestration.policies.facts import Facts, check_id, in_utc, minute
from orchestration.policies.policy import Appeal, Policy
from orchestration.policies.rules import GroundKind
from orchestration.policies.templates import fill

MADE_BY = {
    Automation.FULLY: "Automated means made this decision. A person reviews it if you appeal.",
    Automation.PARTIALLY: "Automated means proposed this decision, and a person made it.",
    Automation.NOT: "A person made this decision.",
}
AUTOMATED = {
    Automation.FULLY: "FULLY",
    Automation.PARTIALLY: "PARTIALLY",
    Automation.NOT: "NOT_AUTOMATED",
}
GROUNDS = {GroundKind.TERMS: "our terms", GroundKind.LAW: "the law"}


class Source(StrEnum):
    """Who pointed us to it, in the DSA's words."""

    VOLUNTARY = "SOURCE_VOLUNTARY"
    ARTICLE_16 = "SOURCE_ARTICLE_16"
    TRUSTED_FLAGGER = "SOURCE_TRUSTED_FLAGGER"
    OTHER = "SOURCE_TYPE_OTHER_NOTIFICATION"


@dataclass(frozen=True, slots=True)
class Decided:
    """How, and for how long, an action holds; times are UTC, a null `until` is until lifted.

    `automation` is how it was decided in fact. Raises PolicyError for an end before its start.
    """

    since: datetime
    until: datetime | None
    automation: Automation

    def __post_init__(self) -> None:
        in_utc(self.since, "since")
        if self.until is not None:
            in_utc(self.until, "until")
            if self.until <= self.since:
                raise PolicyError(f"until {self.until} is not after since {self.since}; mend it.")


@dataclass(frozen=True, slots=True)
class Notice:
    """A text for a user, under the version of the policy that it cites."""

    policy: str
    version: int
    action: str
    text: str


def notice(
    policy: Policy, action: Action, facts: Facts, decided: Decided, appeal: Appeal
) -> Notice:
    """What the user is told. Raises PolicyError for an action that the policy does not allow."""
    _check_allowed(policy, action)
    last_day = decided.since + appeal.within
    values = {
        "action": action.says,
        "policy": f"{policy.title} (version {policy.version})",
        "since": minute(decided.since),
        "until": _ends(action, decided),
        "ground": f"{GROUNDS[policy.ground.kind]}, {policy.ground.clause}",
        "facts": facts.told,
        "automation": MADE_BY[decided.automation],
        "appeal": f"{appeal.route} You may do so until {last_day:%Y-%m-%d}.",
    }
    return Notice(policy.id, policy.version, action.id, fill(policy.notice, values))


def statement_of_reasons(
    policy: Policy,
    action: Action,
    facts: Facts,
    decided: Decided,
    *,
    puid: str,
    source: Source = Source.VOLUNTARY,
) -> dict[str, str | list[str]]:
    """The fields of Art. 17 DSA, named as the EU transparency database's API has them.

    For export: legal owns whether and when it is submitted. `puid` is the enforcement's id.
    Raises PolicyError for an action that restricts nothing, as no statement is due, for one that
    the policy does not allow, and for a puid that is no id.
    """
    _check_allowed(policy, action)
    check_id(puid, "puid")
    if action.restriction is None:
        raise PolicyError(f"'{action.id}' restricts nothing, so no statement is due; export none.")
    return (
        _restriction(action, decided)
        | _ground(policy)
        | _content(policy)
        | {
            "content_date": f"{facts.first:%Y-%m-%d}",
            "application_date": f"{decided.since:%Y-%m-%d}",
            "territorial_scope": TERRITORY.split(),
            "decision_facts": facts.told,
            "source_type": source.value,
            "automated_detection": "Yes" if facts.detected else "No",
            "automated_decision": f"AUTOMATED_DECISION_{AUTOMATED[decided.automation]}",
            "puid": puid,
        }
    )


def _check_allowed(policy: Policy, action: Action) -> None:
    if action.id not in policy.actions:
        allowed = ", ".join(policy.actions) or "nothing"
        raise PolicyError(f"Policy '{policy.id}' allows {allowed}, not '{action.id}'; choose one.")


def _ends(action: Action, decided: Decided) -> str:
    if action.one_off:
        return "at once, as it was done once"
    return minute(decided.until) if decided.until else "when it is lifted"


def _restriction(action: Action, decided: Decided) -> dict[str, str | list[str]]:
    restriction = action.restriction
    if restriction is None:
        return {}
    name = f"decision_{restriction.field}"
    word = full(name, restriction.word)
    found: dict[str, str | list[str]] = {
        name: [word] if restriction.field == "visibility" else word
    }
    if restriction.other:
        found[f"{name}_other"] = restriction.other
    if decided.until:
        found[END_DATES[restriction.field]] = f"{decided.until:%Y-%m-%d}"
    return found


def _ground(policy: Policy) -> dict[str, str | list[str]]:
    clause, explanation = policy.ground.clause, policy.statement.explanation
    if policy.ground.kind is GroundKind.LAW:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": clause,
            "illegal_content_explanation": explanation,
        }
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": clause,
        "incompatible_content_explanation": explanation,
    }


def _content(policy: Policy) -> dict[str, str | list[str]]:
    said = policy.statement
    found: dict[str, str | list[str]] = {
        "category": full("STATEMENT_CATEGORY", said.category),
        "content_type": [full("CONTENT_TYPE", word) for word in said.content_types],
    }
    if said.keywords:
        found["category_specification"] = [full("KEYWORD", word) for word in said.keywords]
    if said.other:
        found["content_type_other"] = said.other
    return found
