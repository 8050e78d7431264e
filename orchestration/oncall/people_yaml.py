"""Reads people.yaml, with every error at once, its line and its remedy."""

import re
from collections.abc import Callable

import yaml

from orchestration.oncall.people import Person, Roster
from orchestration.oncall.reading import Fields, made, set_of
from orchestration.oncall.roles import Role
from orchestration.oncall.scalars import handle_of, one_of, zone_of
from orchestration.yaml_lines import Problems, compose, mapping, sequence, text_of

SLACK = re.compile(r"[UW][A-Z0-9]{2,20}")
REQUIRED = ("id", "slack", "roles", "zone")


def parse_people(text: str, *, name: str = "people.yaml") -> Roster:
    """Everybody in a YAML text.

    Raises YamlError with one line per error, each with its place and what to do.
    """
    problems = Problems()
    root = compose(text, name=name)
    parts = mapping(root, ("people",), problems)
    nodes = sequence(parts["people"], problems) if "people" in parts else []
    if not nodes and not problems.found:
        problems.add(root, "there are no people; write at least one, under `people:`.")
    people = [made(Person, node, PERSON, REQUIRED, problems) for node in nodes]
    for key in ("id", "slack"):
        _refuse_twice(nodes, key, problems)
    problems.refuse(name)
    return Roster(tuple(person for person in people if person is not None))


def _refuse_twice(nodes: list[yaml.Node], key: str, problems: Problems) -> None:
    """Note values of a key that an earlier person has."""
    lines: dict[str, int] = {}
    for value in [
        value
        for node in nodes
        if isinstance(node, yaml.MappingNode)
        for name, value in node.value
        if name.value == key and isinstance(value, yaml.ScalarNode)
    ]:
        line = value.start_mark.line + 1
        first = lines.setdefault(value.value, line)
        if value.value and first != line:
            problems.add(value, f"this {key} is that of line {first}; give each person their own.")


def _written_as(pattern: re.Pattern[str], remedy: str) -> Callable[[yaml.Node, Problems], str]:
    """A reader of a text of that form; what is wrong may be personal, and is not repeated."""

    def read(node: yaml.Node, problems: Problems) -> str:
        text = text_of(node, problems)
        if text and not pattern.fullmatch(text):
            problems.add(node, remedy)
        return text

    return read


def _roles(node: yaml.Node, problems: Problems) -> frozenset[Role]:
    written = set_of(one_of([*Role], "role"))(node, problems)
    if not written and isinstance(node, yaml.SequenceNode):
        problems.add(node, "there is no role; write viewer for somebody who only looks.")
    return frozenset(role for role in Role if role in written)


PERSON: Fields = {
    "id": ("id", handle_of),
    "slack": (
        "slack",
        _written_as(SLACK, "it is no Slack user id; copy it from the profile, as in U0HERON7."),
    ),
    "roles": ("roles", _roles),
    "zone": ("zone", zone_of),
    "teams": ("teams", set_of(handle_of)),
    "skills": ("skills", set_of(handle_of)),
    "site": ("site", handle_of),
    "vendor": ("vendor", handle_of),
}
