from dataclasses import replace

import pytest

from monitors.contract import Severity
from orchestration.policies.bumps import (
    Bump,
    Recertification,
    changed,
    check_bump,
    recertifications,
)
from orchestration.policies.errors import PolicyError
from orchestration.policies.policy import Policies, Policy
from tests.orchestration.policies.builders import policies

BEFORE = policies(version=2)


def with_policies(*items: Policy) -> Policies:
    return Policies(items, BEFORE.appeal)


def refused(before: Policies, after: Policies) -> str:
    with pytest.raises(PolicyError) as caught:
        check_bump(before, after)
    return str(caught.value)


def test_an_equal_file_changes_nothing() -> None:
    assert changed(BEFORE, policies(version=2)) == []
    check_bump(BEFORE, policies(version=2))


def test_a_changed_text_needs_a_new_version() -> None:
    assert refused(BEFORE, policies(version=2, title="Junk")) == (
        "Policy 'spam' changed (title) but is still version 2, which decisions cite; "
        "write version 3."
    )
    check_bump(BEFORE, policies(version=3, title="Junk"))


def test_a_version_does_not_go_back() -> None:
    assert refused(BEFORE, policies(version=1, title="Junk")) == (
        "Policy 'spam' is version 1, but 2 is in force; write 3."
    )


SPAM = BEFORE.of("spam")
OTHERWISE: dict[str, Policy] = {
    "title": replace(SPAM, title="Junk"),
    "severity": replace(SPAM, severity=Severity.S1),
    "ground": replace(SPAM, ground=replace(SPAM.ground, clause="terms, 5")),
    "text": replace(SPAM, text=replace(SPAM.text, allowed="Everything.")),
    "actions": replace(SPAM, actions=("warn",)),
    "notice": replace(SPAM, notice="{action}"),
    "strike": replace(SPAM, strike=None),
    "statement": replace(SPAM, statement=replace(SPAM.statement, explanation="Junk.")),
}


@pytest.mark.parametrize("part", OTHERWISE)
def test_every_part_that_a_decision_relies_on_is_pinned(part: str) -> None:
    after = with_policies(OTHERWISE[part], BEFORE.of("rest"))
    assert refused(BEFORE, after).startswith(f"Policy 'spam' changed ({part}) but is still")


def test_a_playbook_may_move_without_a_version() -> None:
    spam, rest = BEFORE.items
    moved = with_policies(replace(spam, playbook="docs/runbooks/scam_factory.md"), rest)
    check_bump(BEFORE, moved)
    assert changed(BEFORE, moved) == []


def test_says_what_is_wrong_with_every_policy_at_once() -> None:
    spam, rest = BEFORE.items
    after = with_policies(replace(spam, title="A"), replace(rest, title="B"))
    assert [line.split()[1] for line in refused(BEFORE, after).splitlines()] == ["'spam'", "'rest'"]


def test_policies_that_are_new_gone_or_of_another_version_are_changes() -> None:
    spam, rest = BEFORE.items
    both = replace(rest, harms=rest.harms | spam.harms, version=2)
    assert changed(BEFORE, with_policies(both, replace(spam, id="junk", version=1))) == [
        Bump("junk", None, 1),
        Bump("rest", 1, 2),
        Bump("spam", 2, None),
    ]


def test_whoever_decides_under_a_changed_policy_recertifies() -> None:
    spam, rest = BEFORE.items
    after = with_policies(replace(spam, version=3), rest)
    reviewers = {"otter-2": ["spam", "rest"], "finch-1": ["rest"], "crane-8": ["spam"]}
    assert recertifications(BEFORE, after, reviewers) == [
        Recertification("crane-8", "spam", 3),
        Recertification("otter-2", "spam", 3),
    ]


def test_a_policy_that_is_gone_asks_nothing_of_anybody() -> None:
    spam, rest = BEFORE.items
    only = with_policies(replace(rest, harms=rest.harms | spam.harms, version=2))
    assert recertifications(BEFORE, only, {"otter-2": ["spam"]}) == []
