"""Reads structures of YAML: records, names and lists, each part by its own reader."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

import yaml

from orchestration.oncall.scalars import handle_of
from orchestration.yaml_lines import Problems, compose, mapping, sequence

T = TypeVar("T")
Read = Callable[[yaml.Node, Problems], Any]
Fields = Mapping[str, tuple[str, Read]]  # by key in the YAML: the field, and how to read it


def made(
    kind: Callable[..., T],
    node: yaml.Node,
    fields: Fields,
    required: Iterable[str],
    problems: Problems,
) -> T | None:
    """A record of one mapping, or None with what is wrong noted."""
    before = len(problems.found)
    parts = mapping(node, fields, problems)
    missing = [key for key in required if key not in parts]
    if missing and isinstance(node, yaml.MappingNode):
        problems.add(node, f"{', '.join(missing)} is missing; write it.")
    values = {fields[key][0]: fields[key][1](part, problems) for key, part in parts.items()}
    if len(problems.found) > before:
        return None
    return problems.attempt(node, lambda: kind(**values))


def parts_of(
    text: str, keys: Collection[str], problems: Problems, *, name: str
) -> dict[str, yaml.Node]:
    """The parts of a whole text by key, all of them. Raises YamlError where one is missing."""
    root = compose(text, name=name)
    parts = mapping(root, keys, problems)
    missing = [key for key in keys if key not in parts]
    if missing and isinstance(root, yaml.MappingNode):
        problems.add(root, f"{', '.join(missing)} is missing; write it.")
    problems.refuse(name)
    return parts


def named(node: yaml.Node, problems: Problems) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """A mapping with names as keys: each name, where it stands, and its part."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        problems.add(node, "wanted a mapping; begin each line with a name and a colon.")
        return []
    found: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
    for key, part in node.value:
        name = handle_of(key, problems)
        if name in found:
            problems.add(key, f"'{name}' is there twice; keep one.")
        elif name:
            found[name] = (name, key, part)
    return list(found.values())


def all_of(read: Read) -> Callable[[yaml.Node, Problems], tuple[Any, ...]]:
    """A reader of a list whose parts `read` reads."""

    def read_all(node: yaml.Node, problems: Problems) -> tuple[Any, ...]:
        return tuple([read(part, problems) for part in sequence(node, problems)])

    return read_all


def set_of(read: Read) -> Callable[[yaml.Node, Problems], frozenset[Any]]:
    """A reader of a list whose order does not matter."""
    return lambda node, problems: frozenset(all_of(read)(node, problems))
