from datetime import timedelta

import pytest

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.policies.errors import PolicyError
from orchestration.policies.policies_yaml import parse_policies
from orchestration.policies.policy import Ground, Policy, Statement, Strike, Wording
from orchestration.policies.rules import GroundKind
from orchestration.yaml_lines import YamlError
from tests.orchestration.policies.builders import (
    APPEAL,
    NOTICE,
    policies,
    policies_text,
    policy_text,
    rules,
)

TEXT = policies_text()


def errors(text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse_policies(text, rules())
    return str(caught.value).splitlines()


def changed(before: str, after: str) -> str:
    """What is said when the first policy is written otherwise."""
    assert before in TEXT
    (error,) = errors(TEXT.replace(before, after, 1))
    return error.removeprefix("policies.yaml:")


def test_reads_a_policy() -> None:
    assert policies().of("spam") == Policy(
        "spam",
        1,
        "Spam",
        frozenset({Harm.SPAM}),
        Severity.S2,
        Ground(GroundKind.TERMS, "terms, 4"),
        Wording("Spam.", "Letters.", "Clubs."),
        ("warn", "slow", "pause", "close"),
        NOTICE,
        "docs/runbooks/mass_messages.md",
        Strike(2, timedelta(days=90)),
        Statement("other_violation_tc", (), ("text",), "It is spam."),
    )


def test_every_harm_but_monitoring_gap_has_its_policy() -> None:
    read = policies()
    covering = {harm: read.of_harm(harm) for harm in Harm}
    found = {harm: policy.id if policy else None for harm, policy in covering.items()}
    assert found == dict.fromkeys(Harm, "rest") | {
        Harm.SPAM: "spam",
        Harm.MONITORING_GAP: None,
    }


def test_an_unknown_policy_names_the_nearest() -> None:
    with pytest.raises(PolicyError, match=r"no policy 'spma' .*did you mean 'spam'"):
        policies().of("spma")


def test_says_every_error_at_once_with_its_line_and_remedy() -> None:
    text = """\
appeal: {within: 100d, route: Write to us.}
policies:
  spam:
    version: one
    title: Spam
    harms: [spm, monitoring_gap]
    severity: S9
    ground: {terms: "4", law: "5"}
    text: {not_allowed: Spam., allowed: Letters.}
    actions: [wran, review]
    playbook: runbooks/spam.md
    strike: {weight: 1, expires: 0d}
    statement: {category: spam, keywords: [suicid], content_types: [txt], explanation: Spam.}
    notices: "{acton}"
"""
    assert [error.removeprefix("policies.yaml:") for error in errors(text)] == [
        "1: within is 100d; the DSA gives six months, so write 184d or more.",
        "4: 'one' is no count; write a whole number to 999, as in 2.",
        "4: notice is missing; write it.",
        "6: there is no harm 'spm'; did you mean 'spam'?",
        "7: there is no severity 'S9'; use one of S0, S1, S2, S3.",
        "8: wanted one of terms or law, with its clause.",
        "9: borderline is missing; write it.",
        "10: 'review' is asked of people and always allowed; leave it out.",
        "10: there is no action 'wran' in enforcement.yaml; did you mean 'warn'?",
        "11: it is no playbook; write a path as in docs/runbooks/scam_factory.md.",
        "12: it is no time at all; write one, as in 24h.",
        "13: there is no category 'spam'; use one of " + CATEGORIES + ".",
        "13: there is no content type 'txt'; did you mean 'text'?",
        "13: there is no keyword 'suicid'; did you mean 'suicide'?",
        "14: there is no setting 'notices' here; did you mean 'notice'?",
    ]


def test_an_unknown_place_in_a_notice_is_an_error() -> None:
    assert changed("{action}", "{action} {entity}") == (
        "16: there is no field 'entity'; use one of action, appeal, automation, facts, ground, "
        "policy, since, until."
    )


def test_a_notice_tells_all_that_a_user_must_know() -> None:
    assert changed(" {automation} {appeal}", "") == (
        "16: {automation}, {appeal} is missing, which a user must be told; write it."
    )


def test_a_notice_of_what_restricts_nobody_may_be_free() -> None:
    text = TEXT.replace("[warn, slow, pause, close]", "[warn]", 1).replace(NOTICE, "{action}", 1)
    assert parse_policies(text, rules()).of("spam").notice == "{action}"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version: 1", "version: 0", "4: version is 0; count from 1."),
        (
            "harms: [spam]",
            "harms: [spam, monitoring_gap]",
            "4: monitoring_gap is a fault of our own watching and no policy matter; leave it out.",
        ),
        ("[warn, slow, pause, close]", "[slow, slow]", "4: actions has slow twice; keep one."),
        ("weight: 2", "weight: 0", "12: the weight is 0; write 1 or more, or strike: none."),
        (
            "content_types: [text]",
            "content_types: [other]",
            "14: content_types has other; say in `other` what it is.",
        ),
        (
            "content_types: [text]",
            "content_types: []",
            "14: content_types is empty; name at least one.",
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused(before: str, after: str, said: str) -> None:
    assert changed(before, after) == said


def test_a_harm_without_a_policy_is_an_error() -> None:
    text = f"{APPEAL}policies:\n{policy_text('spam', 'spam')}"
    (error,) = errors(text)
    assert error.startswith("policies.yaml:3: no policy covers child_safety, sexual_content, ")
    assert error.endswith("report_abuse; write one for each.")


def test_a_harm_of_two_policies_is_an_error() -> None:
    (error,) = errors(TEXT + policy_text("again", "spam"))
    assert error.endswith("'spam' is covered in line 6; leave it to one policy.")


def test_a_strike_may_be_none() -> None:
    text = TEXT.replace("{weight: 2, expires: 90d}", "none", 1)
    assert parse_policies(text, rules()).of("spam").strike is None


CATEGORIES = (
    "animal_welfare, consumer_information, cyber_violence, cyber_violence_against_women, "
    "data_protection_and_privacy_violations, illegal_or_harmful_speech, "
    "intellectual_property_infringements, negative_effects_on_civic_discourse_or_elections, "
    "not_specified_notice, other_violation_tc, protection_of_minors, risk_for_public_security, "
    "scams_and_fraud, self_harm, unsafe_and_prohibited_products, violence"
)
