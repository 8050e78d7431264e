"""Files damaged at random are read or refused with a line; nothing else happens."""

import re
from collections.abc import Callable

import hypothesis.strategies as st
from hypothesis import given

from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.rota_yaml import parse_rota
from orchestration.yaml_lines import YamlError
from tests.orchestration.oncall.builders import ROOT, UNHURRIED

PEOPLE = (ROOT / "orchestration" / "people.yaml").read_text(encoding="utf-8")
ROTA = (ROOT / "orchestration" / "rota.yaml").read_text(encoding="utf-8")
ROSTER = parse_people(PEOPLE)
PIECES = ("", "~", "[]", "{}", "[[]]", "{a: b}", "? {a: b}\n: c", "<<: *x", "&a [*a]", "!!binary x")
MORE = ("9" * 5000, "99999999d", "0001-01-01", "9999-12-31", "2026-02-30", "-1", "24:00", "\x00")
TOKEN = re.compile(r"[\w:.\"-]+|[\[\]{},:#]|\n *")


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
@given(damaged(PEOPLE))
def test_damaged_people_are_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_people(text))
    assert all(line.startswith("people.yaml:") for line in said.splitlines())


@UNHURRIED
@given(damaged(ROTA))
def test_a_damaged_rota_is_read_or_refused(text: str) -> None:
    said = refused(lambda: parse_rota(text, ROSTER))
    assert all(line.startswith("rota.yaml:") for line in said.splitlines())
