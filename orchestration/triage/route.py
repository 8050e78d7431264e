"""Routing: the one queue of a case."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orchestration.triage.desks import Desks, Rule, Traits

Box = Mapping[str, frozenset[str]]  # by trait: the values it may have


class Routed(NamedTuple):
    """The queue, and the rule that chose it; None: none matched, it is the default."""

    queue: str
    rule: str | None


def route(desks: Desks, traits: Traits) -> Routed:
    """The queue of the first rule that matches, else the default. There always is one."""
    named = traits.named()
    for rule in desks.rules:
        if all(named[trait] in values for trait, values in rule.match.items()):
            return Routed(rule.queue, rule.name)
    return Routed(desks.default, None)


def never_reached(rules: Sequence[Rule], domains: Box) -> list[tuple[int, str]]:
    """Rules that those before them leave nothing: the place, and what to do about it.

    `domains` are all values each trait may have; one rule or several together may take everything.
    """
    boxes = [{**domains, **rule.match} for rule in rules]
    found = []
    for at, rule in enumerate(rules):
        alone = [rules[before].name for before in range(at) if not _cut(boxes[at], boxes[before])]
        left: list[Box] = [boxes[at]]
        for before in boxes[:at]:
            left = [part for box in left for part in _cut(box, before)]
        if not left:
            taken = f"'{alone[0]}' before it takes" if alone else "the rules before it take"
            found.append((at, f"{taken} all that '{rule.name}' matches; move it up, or drop it."))
    return found


def _cut(box: Box, hole: Box) -> list[Box]:
    """The parts of a box that lie outside another."""
    if any(box[trait].isdisjoint(hole[trait]) for trait in box):
        return [box]
    parts: list[Box] = []
    inside = dict(box)
    for trait, values in box.items():
        if outside := values - hole[trait]:
            parts.append({**inside, trait: outside})
        inside[trait] = values & hole[trait]
    return parts
