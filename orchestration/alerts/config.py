"""Reads the reducer's settings from YAML, with every error at once, its line and its remedy."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

import yaml

from monitors.contract import Severity
from orchestration.alerts.matchers import Matcher, check_matchers, known_label, parse_matcher
from orchestration.alerts.rules import (
    ACK_FOR,
    MAX_SILENCE,
    Config,
    Inhibition,
    Route,
    between_routes,
)
from orchestration.yaml_lines import (
    Problems,
    compose,
    mapping,
    sequence,
    text_of,
)

T = TypeVar("T")
DURATION = re.compile(r"(\d{1,6})(s|m|h|d)")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
Read = Callable[[yaml.Node, Problems], object]
Fields = Mapping[str, tuple[str, Read]]  # by key in the YAML: the field, and how to read it


def parse_config(text: str, *, name: str = "routes.yaml") -> Config:
    """The settings in a YAML text; what it does not name keeps its default.

    Raises YamlError with one line per error, each with its place and what to do.
    """
    problems = Problems()
    root = compose(text, name=name)
    parts = mapping(root, ("defaults", "routes", "inhibitions", *SETTINGS), problems)
    values = _values(parts, SETTINGS, problems)
    if "routes" in parts:
        values["routes"] = _routes(parts["routes"], parts.get("defaults"), problems)
    elif parts:
        problems.add(root, "there are no routes; write at least one.")
    if "inhibitions" in parts:
        values["inhibitions"] = tuple(
            made
            for node in sequence(parts["inhibitions"], problems)
            if (made := _make(Inhibition, node, INHIBITION, {}, problems)) is not None
        )
    problems.refuse(name)
    config = problems.attempt(root, lambda: Config(**values))
    problems.refuse(name)
    return cast("Config", config)  # None would have been refused


def _routes(node: yaml.Node, defaults: yaml.Node | None, problems: Problems) -> tuple[Route, ...]:
    shared = {}
    if defaults is not None:
        keys = {key: ROUTE[key] for key in ROUTE if key not in ITS_OWN}
        shared = _values(mapping(defaults, keys, problems), keys, problems)
    nodes = sequence(node, problems)
    made = [_make(Route, part, ROUTE, shared, problems) for part in nodes]
    routes = [route for route in made if route is not None]
    if len(routes) == len(nodes):
        for at, text in between_routes(routes):
            problems.add(nodes[at] if nodes else node, text)
    return tuple(routes)


def _make(
    kind: Callable[..., T],
    node: yaml.Node,
    fields: Fields,
    shared: Mapping[str, Any],
    problems: Problems,
) -> T | None:
    """A record of one mapping, or None with what is wrong noted."""
    before = len(problems.found)
    parts = mapping(node, fields, problems)
    missing = [key for key in REQUIRED if key in fields and key not in parts]
    if missing and isinstance(node, yaml.MappingNode):
        problems.add(node, f"{', '.join(missing)} is missing; write it.")
    values = {**shared, **_values(parts, fields, problems)}
    if len(problems.found) > before:
        return None
    return problems.attempt(node, lambda: kind(**values))


def _values(parts: Mapping[str, yaml.Node], fields: Fields, problems: Problems) -> dict[str, Any]:
    return {
        fields[key][0]: fields[key][1](node, problems)
        for key, node in parts.items()
        if key in fields
    }


def duration(node: yaml.Node, problems: Problems) -> timedelta:
    """A time with its unit, as 15m; a bare number could be anything."""
    text = text_of(node, problems)
    found = DURATION.fullmatch(text)
    if found is None:
        if text:
            problems.add(node, f"'{text}' is no time; write a number and s, m, h or d, as in 15m.")
        return timedelta(0)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _whole(node: yaml.Node, problems: Problems) -> int:
    text = text_of(node, problems)
    if text and not text.isdecimal():
        problems.add(node, f"'{text}' is no count; write a whole number, as in 2.")
    return int(text) if text.isdecimal() else 1


def _flag(node: yaml.Node, problems: Problems) -> bool:
    text = text_of(node, problems)
    if text and text not in {"true", "false"}:
        problems.add(node, f"'{text}' is neither true nor false; write one of them.")
    return text == "true"


def _matchers(node: yaml.Node, problems: Problems) -> tuple[Matcher, ...]:
    nodes = sequence(node, problems)
    made = [
        problems.attempt(part, partial(parse_matcher, text))
        for part in nodes
        if (text := text_of(part, problems))
    ]
    matchers = tuple(matcher for matcher in made if matcher is not None)
    if len(matchers) == len(nodes):
        problems.attempt(node, partial(check_matchers, matchers))
    return matchers


def _labels(node: yaml.Node, problems: Problems) -> tuple[str, ...]:
    made = [
        problems.attempt(part, partial(known_label, text))
        for part in sequence(node, problems)
        if (text := text_of(part, problems))
    ]
    return tuple(label for label in made if label is not None)


def _by_severity(
    defaults: Mapping[Severity, timedelta], node: yaml.Node, problems: Problems
) -> Mapping[Severity, timedelta]:
    parts = mapping(node, [severity.name for severity in Severity], problems)
    return {**defaults, **{Severity[key]: duration(part, problems) for key, part in parts.items()}}


ITS_OWN = frozenset({"name", "receiver", "match", "continue"})  # what routes cannot share
REQUIRED = ("name", "receiver", "source", "target", "equal")
ROUTE: Fields = {
    "name": ("name", text_of),
    "receiver": ("receiver", text_of),
    "match": ("matchers", _matchers),
    "continue": ("goes_on", _flag),
    "group_by": ("group_by", _labels),
    "group_wait": ("group_wait", duration),
    "group_interval": ("group_interval", duration),
    "repeat_interval": ("repeat_interval", duration),
    "send_resolved": ("send_resolved", _flag),
}
INHIBITION: Fields = {
    "name": ("name", text_of),
    "source": ("source", _matchers),
    "target": ("target", _matchers),
    "equal": ("equal", _labels),
}
SETTINGS: Fields = {
    "resolve_after": ("resolve_after", _whole),
    "clean_for": ("clean_for", duration),
    "flap_window": ("flap_window", duration),
    "quiet": ("quiet", duration),
    "storm": ("storm", _whole),
    "horizon": ("horizon", duration),
    "memory": ("memory", duration),
    "ack_for": ("ack_for", partial(_by_severity, ACK_FOR)),
    "max_silence": ("max_silence", partial(_by_severity, MAX_SILENCE)),
}
