"""Readers of single values that policies and rules need beyond those of the rota."""

import re
from collections.abc import Callable
from datetime import timedelta

import yaml

from orchestration.oncall.scalars import quoted, wait_of
from orchestration.yaml_lines import Problems, text_of

DECIMAL = re.compile(r"0?\.[0-9]{1,6}|[01](\.0{1,6})?")
COUNT = re.compile(r"[0-9]{1,9}")


def flag_of(node: yaml.Node, problems: Problems) -> bool:
    """`true` or `false`."""
    text = text_of(node, problems)
    if text and text not in {"true", "false"}:
        problems.add(node, f"{quoted(text)} is neither true nor false; write one of them.")
    return text == "true"


def number_of(node: yaml.Node, problems: Problems) -> int:
    """A count such as 2000, up to nine digits."""
    text = text_of(node, problems)
    if text and not COUNT.fullmatch(text):
        problems.add(node, f"{quoted(text)} is no count; write a whole number, as in 200.")
        return 1
    return int(text or 1)


def share_of(node: yaml.Node, problems: Problems) -> float:
    """A share such as 0.95."""
    text = text_of(node, problems)
    if text and not DECIMAL.fullmatch(text):
        problems.add(node, f"{quoted(text)} is no share; write one from 0 to 1, as in 0.95.")
        return 0.5
    return float(text or 0.5)


def or_none(
    read: Callable[[yaml.Node, Problems], object], word: str = "none"
) -> Callable[[yaml.Node, Problems], object]:
    """A reader for which one word stands for nothing."""

    def maybe(node: yaml.Node, problems: Problems) -> object:
        nothing = isinstance(node, yaml.ScalarNode) and node.value == word
        return None if nothing else read(node, problems)

    return maybe


def span_of(node: yaml.Node, problems: Problems) -> timedelta:
    """A time with its unit, more than nothing."""
    before = len(problems.found)
    found = wait_of(node, problems)
    if found <= timedelta(0) and len(problems.found) == before:
        problems.add(node, "it is no time at all; write one, as in 24h.")
    return found


def plain_of(longest: int) -> Callable[[yaml.Node, Problems], str]:
    """A reader of a text of at most so many characters; folded lines are one."""

    def read(node: yaml.Node, problems: Problems) -> str:
        text = text_of(node, problems).strip()
        if len(text) > longest:
            problems.add(node, f"it has {len(text)} characters; shorten it to {longest}.")
        return text

    return read
