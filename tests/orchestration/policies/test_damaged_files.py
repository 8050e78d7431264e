"""Files damaged at random are read or refused with a line; nothing else happens."""

import re
from collections.abc import Callable

import hypothesis.strategies as st
from hypothesis import given, settings

from orchestration.policies.enforcement_yaml import parse_enforcement
from orchestration.policies.policies_yaml import parse_policies
from orchestration.yaml_lines import YamlError
from tests.orchestration.policies.builders import PRODUCTS, RULES_TEXT, policies_text, rules

RULES, POLICIES = rules(), policies_text()
PIECES = ("", "~", "[]", "{}", "[[]]", "{a: b}", "? {a: b}\n: c", "<<: *x", "&a [*a]", "!!binary x")
MORE = ("9" * 5000, "99999999d", "-1", "1e9", "nan", "0.0", "{0}", "none", "never", "\x00")
TOKEN = re.compile(r"[\w:.\"-]+|[\[\]{},:#]|\n *")
UNHURRIED = settings(deadline=None)


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """The text with up to three of its tokens replaced."""
    for _ in range(draw(st.integers(1, 3))):
        found = draw(st.sampled_from([token.span() for token in TOKEN.finditer(text)]))
        piece = draw(st.sampled_from(PIECES + MORE) | st.text(max_size=6))
        text = text[: found[0]] + piece + text[found[1] :]
    return text


def refused(read: Callable[[], object]) -> str:
    try:
        read()
    except YamlError as error:
        return str(error)
    return ""


@UNHURRIED
@given(damaged(RULES_TEXT))
def test_damaged_rules_are_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_enforcement(text, PRODUCTS))
    assert all(line.startswith("enforcement.yaml:") for line in said.split("\n") if said)


@UNHURRIED
@given(damaged(POLICIES))
def test_damaged_policies_are_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_policies(text, RULES))
    assert all(line.startswith("policies.yaml:") for line in said.split("\n") if said)
