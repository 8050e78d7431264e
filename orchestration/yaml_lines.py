"""YAML with the line of every part, so that each error can say where it is."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

T = TypeVar("T")
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A settings file that cannot be used: a line per mistake, each with its place and remedy."""


@dataclass
class Problems:
    """Everything wrong in one text, by line."""

    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, node: yaml.Node, text: str) -> None:
        """Note what is wrong with a part."""
        self.found.append((node.start_mark.line + 1, text))

    def attempt(self, node: yaml.Node, make: Callable[[], T]) -> T | None:
        """What `make` gives, or None with its error, one of ours, noted at the part."""
        try:
            return make()
        except ValueError as error:
            self.add(node, str(error))
            return None

    def refuse(self, name: str) -> None:
        """Raise YamlError with every problem, in the order of lines, if there is one."""
        if self.found:
            lines = [f"{name}:{line}: {text}" for line, text in sorted(set(self.found))]
            raise YamlError("\n".join(lines))


def compose(text: str, *, name: str) -> yaml.Node:
    """The text's tree. Raises YamlError with the line where it is no YAML, or is empty."""
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(f"{name}:{line}: {error.problem}; correct the YAML.") from error
    except yaml.YAMLError as error:
        raise YamlError(f"{name}:1: it is no YAML text; write it in UTF-8.") from error
    if node is None:
        raise YamlError(f"{name}:1: it is empty; write its settings.")
    return node


def _composed(text: str) -> yaml.Node | None:
    """The tree by libyaml, where PyYAML has it: ten times as fast. Its errors say less."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=FAST)
    except yaml.YAMLError:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def mapping(node: yaml.Node, keys: Iterable[str], problems: Problems) -> dict[str, yaml.Node]:
    """A mapping's parts by key; unknown and repeated keys become problems."""
    if not isinstance(node, yaml.MappingNode):
        problems.add(node, f"wanted a mapping with {', '.join(keys)}.")
        return {}
    parts: dict[str, yaml.Node] = {}
    known = list(keys)
    for key, value in node.value:
        if key.value not in known:
            alike = difflib.get_close_matches(str(key.value), known, n=1)
            hint = f"did you mean '{alike[0]}'?" if alike else f"use one of {', '.join(known)}."
            problems.add(key, f"there is no setting '{key.value}' here; {hint}")
        elif key.value in parts:
            problems.add(key, f"'{key.value}' is there twice; keep one.")
        else:
            parts[key.value] = value
    return parts


def sequence(node: yaml.Node, problems: Problems) -> list[yaml.Node]:
    """A list's parts."""
    if not isinstance(node, yaml.SequenceNode):
        problems.add(node, "wanted a list; begin each line with a dash.")
        return []
    return list(node.value)


def text_of(node: yaml.Node, problems: Problems) -> str:
    """A part that is one text, not empty."""
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        problems.add(node, "wanted a text.")
        return ""
    return str(node.value)
