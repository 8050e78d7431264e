"""Files damaged at random are read or refused with a line; nothing else happens."""

import re

import hypothesis.strategies as st
from hypothesis import given

from orchestration.yaml_lines import YamlError
from tests.orchestration.triage.builders import QUEUES, UNHURRIED, parse

PIECES = ("", "~", "[]", "{}", "[[]]", "{a: b}", "? {a: b}\n: c", "<<: *x", "&a [*a]", "!!binary x")
MORE = ("9" * 5000, "99999999d", "0001-01-01", "2026-02-30", "-1", "0", "24:00", "nan", "\x00")
TOKEN = re.compile(r"[\w:.\"-]+|[\[\]{},:#]|\n *")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The shipped text with up to three of its tokens replaced."""
    text = QUEUES
    for _ in range(draw(st.integers(1, 3))):
        found = draw(st.sampled_from([token.span() for token in TOKEN.finditer(text)]))
        piece = draw(st.sampled_from(PIECES + MORE) | st.text(max_size=6))
        text = text[: found[0]] + piece + text[found[1] :]
    return text


@UNHURRIED
@given(damaged())
def test_damaged_queues_are_read_or_refused(text: str) -> None:
    said = ""
    try:
        assert parse(text).queues
    except YamlError as error:
        said = str(error)
    assert all(line.startswith("queues.yaml:") for line in said.splitlines())
