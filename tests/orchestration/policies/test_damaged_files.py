"""Files damaged at random are read or refused with a line; nothing else happens."""

from hypothesis import given, settings

from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.policies_yaml import parse_policies
from tests.orchestration.policies.builders import PRODUCTS, RULES_TEXT, policies_text, rules
from tests.support.damage import damaged, refused

RULES, POLICIES = rules(), policies_text()
MORE = ("1e9", "nan", "0.0", "{0}", "none", "never")
UNHURRIED = settings(deadline=None)


@UNHURRIED
@given(damaged(RULES_TEXT, *MORE))
def test_damaged_rules_are_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_enforcement(text, PRODUCTS))
    assert all(line.startswith("enforcement.yaml:") for line in said.split("\n") if said)


@UNHURRIED
@given(damaged(POLICIES, *MORE))
def test_damaged_policies_are_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_policies(text, RULES))
    assert all(line.startswith("policies.yaml:") for line in said.split("\n") if said)
