from dataclasses import replace

import pytest

from orchestration.policies.actions import Automation
from orchestration.policies.errors import PolicyError
from orchestration.policies.facts import Facts
from orchestration.policies.notices import Decided, Source, notice, statement_of_reasons
from orchestration.policies.policy import Ground, Policy
from orchestration.policies.rules import GroundKind
from tests.orchestration.policies.builders import policies, rules, utc

READ = policies()
SPAM, ACTIONS = READ.of("spam"), rules().actions
FACTS = Facts("case_9", 42, utc("2026-11-20T10:00"), utc("2026-11-22T09:30"), detected=True)
SINCE = utc("2026-11-22T12:00")
PAUSED = Decided(SINCE, utc("2026-11-23T12:00"), Automation.PARTIALLY)
EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"


def text_of(action: str, decided: Decided, facts: Facts = FACTS, policy: Policy = SPAM) -> str:
    return notice(policy, ACTIONS[action], facts, decided, READ.appeal).text


def test_a_notice_tells_action_ground_facts_automation_and_appeal() -> None:
    found = notice(SPAM, ACTIONS["slow"], FACTS, PAUSED, READ.appeal)
    assert (found.policy, found.version, found.action) == ("spam", 1, "slow")
    assert found.text == (
        "You are slow. Spam (version 1) 2026-11-22 12:00 UTC 2026-11-23 12:00 UTC "
        "our terms, terms, 4 42 events between 2026-11-20 10:00 UTC and 2026-11-22 09:30 UTC, "
        "noticed by automated means. Reference: case_9. "
        "Automated means proposed this decision, and a person made it. "
        "Write to us. You may do so until 2027-05-25."
    )


def test_what_has_no_end_says_so() -> None:
    assert "when it is lifted" in text_of("pause", Decided(SINCE, None, Automation.NOT))


def test_what_is_done_once_says_so() -> None:
    assert "at once, as it was done once" in text_of("warn", Decided(SINCE, None, Automation.FULLY))


@pytest.mark.parametrize(
    ("automation", "said"),
    [
        (Automation.FULLY, "Automated means made this decision. A person reviews it"),
        (Automation.PARTIALLY, "Automated means proposed this decision, and a person made it."),
        (Automation.NOT, "A person made this decision."),
    ],
)
def test_a_notice_says_who_decided(automation: Automation, said: str) -> None:
    assert said in text_of("slow", Decided(SINCE, None, automation))


def test_one_event_noticed_by_people_is_said_so() -> None:
    facts = replace(FACTS, count=1, detected=False)
    assert "1 event between" in text_of("slow", PAUSED, facts)
    assert "noticed by people." in text_of("slow", PAUSED, facts)


def test_an_action_that_the_policy_does_not_allow_is_refused() -> None:
    policy = replace(SPAM, actions=("warn", "slow"))
    with pytest.raises(
        PolicyError, match="Policy 'spam' allows warn, slow, not 'pause'; choose one"
    ):
        text_of("pause", PAUSED, policy=policy)


@pytest.mark.parametrize("reference", ["ann@example.com", "192.0.2.1", "Ann Example", "", "a\nb"])
def test_what_is_no_id_is_refused_and_not_repeated(reference: str) -> None:
    with pytest.raises(PolicyError) as caught:
        replace(FACTS, reference=reference)
    assert str(caught.value) == (
        "The reference is no id; use letters, digits, hyphens and underscores."
    )


def test_facts_without_events_or_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(PolicyError) as caught:
        replace(FACTS, count=0, first=utc("2026-11-23T00:00"))
    assert "count is 0; wanted at least 1." in str(caught.value)
    assert "is after last" in str(caught.value)


def test_times_are_utc_and_recent() -> None:
    with pytest.raises(PolicyError, match=r"is not in UTC; convert it"):
        Decided(SINCE.replace(tzinfo=None), None, Automation.NOT)
    with pytest.raises(PolicyError, match=r"is before 2020; correct it"):
        replace(FACTS, first=utc("1970-01-01T00:00"))


def test_an_end_is_after_its_start() -> None:
    with pytest.raises(PolicyError, match=r"is not after since"):
        Decided(SINCE, SINCE, Automation.NOT)


def test_a_statement_on_the_ground_of_terms() -> None:
    assert statement_of_reasons(SPAM, ACTIONS["pause"], FACTS, PAUSED, puid="enf_1") == {
        "decision_account": "DECISION_ACCOUNT_SUSPENDED",
        "end_date_account_restriction": "2026-11-23",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "terms, 4",
        "incompatible_content_explanation": "It is spam.",
        "category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "content_type": ["CONTENT_TYPE_TEXT"],
        "content_date": "2026-11-20",
        "application_date": "2026-11-22",
        "territorial_scope": EEA.split(" "),
        "decision_facts": "42 events between 2026-11-20 10:00 UTC and 2026-11-22 09:30 UTC, "
        "noticed by automated means. Reference: case_9.",
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_PARTIALLY",
        "puid": "enf_1",
    }


def test_a_statement_on_the_ground_of_law_after_a_users_notice() -> None:
    policy = replace(SPAM, ground=Ground(GroundKind.LAW, "Act, 1"))
    facts = replace(FACTS, detected=False)
    decided = Decided(SINCE, None, Automation.NOT)
    found = statement_of_reasons(
        policy, ACTIONS["slow"], facts, decided, puid="enf_1", source=Source.ARTICLE_16
    )
    assert found["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert found["illegal_content_legal_ground"] == "Act, 1"
    assert found["illegal_content_explanation"] == "It is spam."
    assert found["decision_provision"] == "DECISION_PROVISION_PARTIAL_SUSPENSION"
    assert found["source_type"] == "SOURCE_ARTICLE_16"
    assert found["automated_detection"] == "No"
    assert found["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert [key for key in found if key.startswith(("end_date", "incompatible"))] == []


def test_what_restricts_nothing_has_no_statement() -> None:
    with pytest.raises(PolicyError, match="'warn' restricts nothing, so no statement is due"):
        statement_of_reasons(SPAM, ACTIONS["warn"], FACTS, PAUSED, puid="enf_1")


def test_a_statement_has_an_id_of_ours() -> None:
    with pytest.raises(PolicyError, match=r"The puid is no id"):
        statement_of_reasons(SPAM, ACTIONS["slow"], FACTS, PAUSED, puid="ann@example.com")
