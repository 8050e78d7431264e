"""What users are told, in parts by name: a text, and the codes, ids and dates it was made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestration.cases.terms import Terms
from orchestration.policies.actions import Action, Automation
from orchestration.policies.errors import PolicyError
from orchestration.policies.facts import Facts, minute
from orchestration.policies.notices import Decided, notice

REDRESS = (
    "If you think this is wrong, you may turn to a certified out-of-court dispute settlement body, "
    "or to a court."
)
BACK = "The action against you was taken back, and counts no more."
OVER = "The action against you was wrong. It is over, and counts no more."
APPEALS: Mapping[str, str] = {
    "upheld": f"Somebody who had no part in the decision reviewed it. It stands. {REDRESS}",
    "overturned": "Somebody who had no part in the decision reviewed it. You were right: it is "
    "being taken back, and counts no more.",
    "partial": "Somebody who had no part in the decision reviewed it. It was too severe and is "
    f"being taken back; something lighter follows, of which you are told apart. {REDRESS}",
    "moot": "The action had been taken back before your appeal was decided; it counts no more.",
    "invalid": "Your appeal could not be heard: the action was not carried out, or is taken back.",
}
BY_PEOPLE = "Our people see to it by hand, as it cannot be undone by itself."
PARTS = (
    "reference",
    "policy",
    "action",
    "automation",
    "since",
    "until",
    "ground",
    "appeal",
    "request",
    "outcome",
    "rationale",
    "decided",
    "reversed",
)


def parts_of(kind: str, fields: Mapping[str, Any], terms: Terms) -> dict[str, str]:
    """The parts of a notice: its kind, its text, and those of its fields that have a value."""
    said = {name: str(fields[name]) for name in PARTS if fields.get(name) is not None}
    if fields.get("version") is not None:
        said["policy_version"] = str(fields["version"])
    return {"kind": kind, "text": text_of(kind, fields, terms), **said}


def text_of(kind: str, fields: Mapping[str, Any], terms: Terms) -> str:
    """A notice as a user reads it.

    What was applied is told in the words of its policy. Where the policy is gone or worded anew
    since, in plain words that need none.
    """
    about = f"Reference: {fields.get('reference')}."
    if kind == "applied":
        return _applied(fields, terms) or _plain(fields, terms)
    if kind == "restored":
        return f"{BACK} {about}"
    if kind == "retracted":
        return f"{OVER} {about}"
    text = APPEALS[str(fields["outcome"])]
    by_hand = f" {BY_PEOPLE}" if fields.get("by_people") else ""
    return f"{text}{by_hand} {about}"


def _applied(fields: Mapping[str, Any], terms: Terms) -> str | None:
    """The policy's own notice, under the version that is cited; None if it cannot be made."""
    policy = terms.policies.by_id.get(str(fields["policy"]))
    action = terms.enforcement.actions.get(str(fields["action"]))
    if policy is None or policy.version != fields["version"] or action is None:
        return None
    try:
        facts = Facts(
            str(fields["reference"]),
            int(fields["count"]),
            datetime.fromisoformat(fields["first"]),
            datetime.fromisoformat(fields["last"]),
            bool(fields["detected"]),
        )
        return notice(policy, action, facts, _decided(fields), terms.policies.appeal).text
    except (KeyError, TypeError, ValueError, PolicyError):
        return None  # its facts are not all known, and the user is told what is


def _decided(fields: Mapping[str, Any]) -> Decided:
    until = fields.get("until")
    return Decided(
        datetime.fromisoformat(fields["since"]),
        datetime.fromisoformat(until) if until else None,
        Automation(fields["automation"]),
    )


def _plain(fields: Mapping[str, Any], terms: Terms) -> str:
    action: Action | None = terms.enforcement.actions.get(str(fields["action"]))
    says = action.says if action else "Something was restricted."
    since, until = fields.get("since"), fields.get("until")
    when = f" Since: {minute(datetime.fromisoformat(since))}." if since else ""
    ends = f" Ends: {minute(datetime.fromisoformat(until))}." if until else ""
    cited = f"Policy: {fields['policy']} (version {fields['version']})."
    about = f"Reference: {fields['reference']}."
    return f"{says} {cited}{when}{ends} {about} {terms.policies.appeal.route}"
