"""Small rules and policies, and those that are shipped."""

from datetime import UTC, datetime
from pathlib import Path

from monitors.harms import Harm
from monitors.registry import registry
from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.policies_yaml import parse_policies
from orchestration.policies.policy import Policies
from orchestration.policies.rules import Rules

ROOT = Path(__file__).parents[3]
ENFORCEMENT_TEXT = (ROOT / "orchestration" / "enforcement.yaml").read_text(encoding="utf-8")
POLICIES_TEXT = (ROOT / "orchestration" / "policies.yaml").read_text(encoding="utf-8")
PRODUCTS = ("api", "chat")
HEAD = """\
approval_expires: 24h
caps: {per_run: 10, per_day: 20, per_day_share: 0.5, per_monitor: 20, per_tenant: 5}
"""
ACTIONS = """\
actions:
  review: {kind: people}
  warn:
    {action_class: notice, target_types: [account_id], value: warned, says: We warn you.,
     reversible: true, one_off: true, gravity: warn, duration: none, approvals: 0, decision: none,
     auto: {lower_bound: 0.80, min_n: 14, max_label_age: 30d}}
  slow:
    {action_class: rate, target_types: [account_id, key_id], value: slow, says: You are slow.,
     reversible: true, gravity: limit, duration: 24h, approvals: 0,
     decision: {provision: partial_suspension}, delay: {min: 1m, max: 2h},
     auto: {lower_bound: 0.90, min_n: 29, max_label_age: 7d}}
  pause:
    {action_class: access, target_types: [account_id], value: paused, says: You are paused.,
     reversible: true, gravity: suspend, duration: none, approvals: 1, approval_expires: 4h,
     decision: {account: suspended}, auto: never}
  close:
    {action_class: access, target_types: [account_id], value: closed, says: You are gone.,
     reversible: false, gravity: terminate, duration: none, approvals: 2,
     decision: {account: terminated}, auto: never}
"""
RULES_TEXT = HEAD + ACTIONS
APPEAL = "appeal: {within: 184d, route: Write to us.}\n"
NOTICE = "{action} {policy} {since} {until} {ground} {facts} {automation} {appeal}"
POLICY = """\
  {id}:
    version: {version}
    title: {title}
    harms: [{harms}]
    severity: S2
    ground: {{terms: "terms, 4"}}
    text: {{not_allowed: Spam., allowed: Letters., borderline: Clubs.}}
    actions: [warn, slow, pause, close]
    playbook: docs/runbooks/mass_messages.md
    strike: {{weight: 2, expires: 90d}}
    statement:
      {{category: other_violation_tc, keywords: [], content_types: [text],
       explanation: It is spam.}}
    notice: "{notice}"
"""
HARMS = [harm.value for harm in Harm if harm is not Harm.MONITORING_GAP]


def utc(text: str) -> datetime:
    """A moment written as 2026-03-09T16:30, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rules() -> Rules:
    """One action of each gravity."""
    return parse_enforcement(RULES_TEXT, PRODUCTS)


def policy_text(policy_id: str, harms: str, *, version: int = 1, title: str = "Spam") -> str:
    """One policy in YAML."""
    return POLICY.format(id=policy_id, harms=harms, version=version, title=title, notice=NOTICE)


def policies_text(*, version: int = 1, title: str = "Spam") -> str:
    """Policy `spam`, and `rest` for all other harms."""
    rest = ", ".join(harm for harm in HARMS if harm != "spam")
    spam = policy_text("spam", "spam", version=version, title=title)
    return f"{APPEAL}policies:\n{spam}{policy_text('rest', rest, title='Rest')}"


def policies(*, version: int = 1, title: str = "Spam") -> Policies:
    """The same, read."""
    return parse_policies(policies_text(version=version, title=title), rules())


def shipped_rules() -> Rules:
    """enforcement.yaml."""
    return parse_enforcement(ENFORCEMENT_TEXT, registry().products)


def shipped_policies() -> Policies:
    """policies.yaml."""
    return parse_policies(POLICIES_TEXT, shipped_rules())
