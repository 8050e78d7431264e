"""Texts of settings, damaged at random."""

import re
from collections.abc import Callable

import hypothesis.strategies as st

from orchestration.yaml_lines import YamlError

PIECES = ("", "~", "[]", "{}", "[[]]", "{a: b}", "? {a: b}\n: c", "<<: *x", "&a [*a]", "!!binary x")
MORE = ("9" * 5000, "99999999d", "-1", "\x00")
TOKEN = re.compile(r"[\w:.\"-]+|[\[\]{},:#]|\n *")


@st.composite
def damaged(draw: st.DrawFn, text: str, *more: str) -> str:
    """The text with up to three of its tokens replaced, by these too."""
    for _ in range(draw(st.integers(1, 3))):
        found = draw(st.sampled_from([token.span() for token in TOKEN.finditer(text)]))
        piece = draw(st.sampled_from((*PIECES, *MORE, *more)) | st.text(max_size=6))
        text = text[: found[0]] + piece + text[found[1] :]
    return text


def refused(read: Callable[[], object]) -> str:
    """What is said against a text; nothing if it is read."""
    try:
        read()
    except YamlError as error:
        return str(error)
    return ""
