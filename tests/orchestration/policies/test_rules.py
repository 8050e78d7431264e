from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from monitors.contract import Severity
from orchestration.policies.actions import Automation, Delay, Gate
from orchestration.policies.errors import PolicyError
from orchestration.policies.rules import GroundKind, Protected, Rules
from tests.orchestration.policies.builders import rules

RULES = rules()
TERMS, LAW = GroundKind.TERMS, GroundKind.LAW
S0, S1, S2, S3 = Severity
MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("action", "by_severity"),
    [
        ("warn", ["partially", "partially", "fully", "fully"]),
        ("slow", ["partially", "partially", "fully", "fully"]),
        ("pause", ["not", "not", "not", "not"]),
        ("close", ["not", "not", "not", "not"]),
        ("review", ["not", "not", "not", "not"]),
    ],
)
def test_how_much_a_machine_may_decide(action: str, by_severity: list[str]) -> None:
    assert [RULES.automation(action, severity).value for severity in Severity] == by_severity


@given(st.sampled_from(sorted(RULES.known)), st.sampled_from([S0, S1]))
def test_nothing_of_s0_and_s1_is_fully_automatic(action: str, severity: Severity) -> None:
    assert RULES.automation(action, severity) is not Automation.FULLY


@pytest.mark.parametrize(
    ("action", "severity", "ground", "planned_by", "needed"),
    [
        ("slow", S2, TERMS, "monitor", 0),
        ("slow", S1, TERMS, "monitor", 1),
        ("slow", S0, TERMS, "person", 0),
        ("slow", S0, LAW, "person", 2),
        ("slow", S1, LAW, "person", 0),
        ("slow", S0, LAW, "monitor", 2),
        ("pause", S2, TERMS, "person", 1),
        ("close", S3, TERMS, "person", 2),
    ],
)
def test_how_many_people_must_approve(
    action: str, severity: Severity, ground: GroundKind, planned_by: str, needed: int
) -> None:
    assert RULES.approvals(action, severity, ground, decided=planned_by == "person") == needed


def test_what_begins_with_a_person_is_not_planned_without_one() -> None:
    with pytest.raises(PolicyError, match="'pause' begins with a person's decision; open a case"):
        RULES.approvals("pause", S3, TERMS, decided=False)


def test_an_approval_is_waited_for_as_the_action_says_or_all_do() -> None:
    assert RULES.waits("pause") == timedelta(hours=4)
    assert RULES.waits("close") == timedelta(hours=24)


def test_an_unknown_action_names_the_nearest() -> None:
    with pytest.raises(
        PolicyError, match=r"no action 'slwo' in enforcement.yaml; did you mean 'slow'"
    ):
        RULES.get("slwo")


def test_what_people_do_is_not_executed() -> None:
    with pytest.raises(PolicyError, match="'review' is asked of people"):
        RULES.get("review")


def test_types_and_tags_protect() -> None:
    shield = Protected(frozenset({"org"}), frozenset({"press", "office"}))
    known = Rules(
        RULES.mode, {}, RULES.approval_expires, RULES.caps, shield, RULES.actions, RULES.people
    )
    assert known.protects("org", ()) == "org"
    assert known.protects("account_id", ["press", "office", "new"]) == "office"
    assert known.protects("account_id", ["new"]) is None


@pytest.mark.parametrize(("bound", "fewest"), [(0.80, 14), (0.90, 29), (0.95, 59), (0.99, 299)])
def test_the_fewest_labels_of_a_bound_are_those_of_clopper_and_pearson(
    bound: float, fewest: int
) -> None:
    assert Gate(bound, 300, MONTH).fewest == fewest


def test_a_bound_of_all_or_nothing_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"lower_bound is 1.0; wanted between 0 and 1\."):
        Gate(1.0, 300, MONTH)


def test_a_delay_is_known_from_the_enforcement_and_the_key() -> None:
    delay = Delay(timedelta(minutes=10), timedelta(hours=6))
    assert delay.of("enf_1", b"key") == delay.of("enf_1", b"key") == timedelta(seconds=19866)
    assert delay.of("enf_2", b"key") == timedelta(seconds=12874)
    assert delay.of("enf_1", b"other") == timedelta(seconds=2002)


@given(
    st.text(max_size=20),
    st.binary(min_size=1, max_size=32),
    st.integers(0, 100),
    st.integers(1, 100),
)
def test_a_delay_keeps_its_bounds(enforcement: str, key: bytes, least: int, more: int) -> None:
    shortest, longest = timedelta(seconds=least), timedelta(seconds=least + more)
    assert shortest <= Delay(shortest, longest).of(enforcement, key) <= longest


def test_both_ends_of_a_delay_are_reached() -> None:
    delay = Delay(timedelta(0), timedelta(seconds=3))
    found = {delay.of(f"enf_{n}", b"key").seconds for n in range(100)}
    assert found == {0, 1, 2, 3}
