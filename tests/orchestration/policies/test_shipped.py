import re
from datetime import timedelta

import pytest

from monitors.contract import Monitor, Severity
from monitors.harms import Harm
from monitors.registry import registry
from orchestration.policies.actions import Action, Automation, Gravity
from orchestration.policies.dsa import (
    LONGEST_EXPLANATION,
    LONGEST_FACTS,
    LONGEST_GROUND,
    LONGEST_OTHER,
)
from orchestration.policies.facts import Facts
from orchestration.policies.notices import Decided, notice, statement_of_reasons
from orchestration.policies.policy import Policy
from orchestration.policies.rules import Acting
from tests.orchestration.policies.builders import (
    ENFORCEMENT_TEXT,
    POLICIES_TEXT,
    ROOT,
    shipped_policies,
    shipped_rules,
    utc,
)

RULES, POLICIES = shipped_rules(), shipped_policies()
MONITORS = list(registry().monitors.values())
# A gap that somebody makes has no policy of its own: whoever decides cites the one on attacks.
CITED_BY_PEOPLE = {"api/audit_log_tampering": "cyber"}
PAIRS = [(policy, RULES.actions[action]) for policy in POLICIES.items for action in policy.actions]
RESTRICTING = [(policy, action) for policy, action in PAIRS if action.restriction]
NAMES = [f"{policy.id}-{action.id}" for policy, action in RESTRICTING]
FACTS = Facts("case_9", 42, utc("2026-11-20T10:00"), utc("2026-11-22T09:30"), detected=True)
SINCE = utc("2026-11-22T12:00")
REQUIRED = [
    "decision_ground",
    "content_type",
    "category",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
    "territorial_scope",
]
DECISIONS = ["decision_visibility", "decision_monetary", "decision_provision", "decision_account"]
LIMITS = {
    "decision_facts": LONGEST_FACTS,
    "illegal_content_legal_ground": LONGEST_GROUND,
    "incompatible_content_ground": LONGEST_GROUND,
    "illegal_content_explanation": LONGEST_EXPLANATION,
    "incompatible_content_explanation": LONGEST_EXPLANATION,
    "content_type_other": LONGEST_OTHER,
    "decision_visibility_other": LONGEST_OTHER,
    "decision_monetary_other": LONGEST_OTHER,
}


def decided(action: Action) -> Decided:
    until = SINCE + action.duration if action.duration else None
    return Decided(SINCE, until, Automation.NOT)


def allowing(monitor: Monitor) -> Policy | None:
    cited = CITED_BY_PEOPLE.get(monitor.id)
    return POLICIES.of(cited) if cited else POLICIES.of_harm(monitor.harm)


@pytest.mark.parametrize("monitor", MONITORS, ids=[monitor.id for monitor in MONITORS])
def test_every_monitors_action_is_asked_of_people_or_allowed_by_its_policy(
    monitor: Monitor,
) -> None:
    if monitor.action not in RULES.people:
        policy = allowing(monitor)
        assert policy is not None
        assert monitor.action in policy.actions
        assert monitor.action in RULES.actions


def test_every_harm_that_monitors_name_has_a_policy_except_our_own_gaps() -> None:
    without = {monitor.harm for monitor in MONITORS if POLICIES.of_harm(monitor.harm) is None}
    assert without == {Harm.MONITORING_GAP}


def test_what_needs_a_cited_policy_is_about_our_own_gaps_and_never_automatic() -> None:
    found = {
        monitor.id: RULES.automation(monitor.action, monitor.severity)
        for monitor in MONITORS
        if monitor.harm is Harm.MONITORING_GAP and monitor.action not in RULES.people
    }
    assert found == dict.fromkeys(CITED_BY_PEOPLE, Automation.NOT)


@pytest.mark.parametrize("monitor", MONITORS, ids=[monitor.id for monitor in MONITORS])
def test_every_action_fits_what_its_monitor_scores(monitor: Monitor) -> None:
    action = RULES.actions.get(monitor.action)
    if action is None:
        assert monitor.action in RULES.people
    elif action.each_member:
        assert re.search(r"\bmembers\b", monitor.source.read_text(encoding="utf-8"))
    else:
        assert monitor.entity in action.target_types


def test_each_policy_is_named_like_its_one_harm() -> None:
    assert [policy.harms for policy in POLICIES.items] == [
        frozenset({Harm(policy.id)}) for policy in POLICIES.items
    ]


def test_every_action_is_allowed_by_some_policy() -> None:
    assert {action for policy in POLICIES.items for action in policy.actions} == set(RULES.actions)


@pytest.mark.parametrize("policy", POLICIES.items, ids=list(POLICIES.by_id))
def test_every_playbook_is_there(policy: Policy) -> None:
    path, _, part = policy.playbook.partition("#")
    page = (ROOT / path).read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    assert not part or part in {title.lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("policy", "action"), RESTRICTING, ids=NAMES)
def test_every_policy_and_action_gives_a_complete_statement(policy: Policy, action: Action) -> None:
    found = statement_of_reasons(policy, action, FACTS, decided(action), puid="enf_1")
    assert [key for key in REQUIRED if not found.get(key)] == []
    assert len([key for key in DECISIONS if found.get(key)]) == 1
    kind = "illegal" if policy.ground.kind == "law" else "incompatible"
    assert found[f"{kind}_content_explanation"]
    assert ("CONTENT_TYPE_OTHER" in found["content_type"]) == ("content_type_other" in found)
    assert [key for key in LIMITS if len(found.get(key, "")) > LIMITS[key]] == []


def test_only_what_restricts_nothing_has_no_statement() -> None:
    without = {action.id for action in RULES.actions.values() if action.restriction is None}
    assert without == {"warn", "notify_owner", "offer_support"}


@pytest.mark.parametrize(
    ("policy", "action"), PAIRS, ids=[f"{policy.id}-{action.id}" for policy, action in PAIRS]
)
def test_every_notice_is_filled(policy: Policy, action: Action) -> None:
    text = notice(policy, action, FACTS, decided(action), POLICIES.appeal).text
    assert action.says in text
    assert "{" not in text
    assert action.restriction is None or policy.ground.clause in text


def test_what_is_shipped_is_dry_run() -> None:
    assert RULES.mode is Acting.DRY_RUN
    assert dict(RULES.products) == {}


def test_the_bounds_begin_as_operations_says() -> None:
    found = {
        (action.gravity, action.gate.lower_bound)
        for action in RULES.actions.values()
        if action.gate is not None
    }
    assert found == {(Gravity.WARN, 0.80), (Gravity.LIMIT, 0.90), (Gravity.SUSPEND, 0.95)}


def test_only_what_ends_by_itself_is_suspended_automatically() -> None:
    found = {
        action.id: action.duration
        for action in RULES.actions.values()
        if action.gravity is Gravity.SUSPEND and action.gate is not None
    }
    assert found == {
        "suspend_24h": timedelta(hours=24),
        "block_address": timedelta(hours=24),
        "hold_payments": timedelta(hours=72),
    }


def test_what_cannot_be_put_back_takes_two_people() -> None:
    found = {
        action.id: (action.approvals, RULES.automation(action.id, Severity.S3))
        for action in RULES.actions.values()
        if not action.reversible
    }
    assert found == {
        "rotate_key": (2, Automation.NOT),
        "terminate_account": (2, Automation.NOT),
    }


def test_people_at_risk_are_offered_help_and_nothing_else() -> None:
    care = POLICIES.of("self_harm")
    assert care.actions == ("offer_support",)
    assert care.strike is None


def test_nothing_personal_is_in_the_files() -> None:
    assert "@" not in ENFORCEMENT_TEXT + POLICIES_TEXT
