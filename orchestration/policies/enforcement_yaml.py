"""Reads enforcement.yaml, with every error at once, its line and its remedy."""

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import cast

import yaml

from orchestration.oncall.reading import Fields, made, named, set_of
from orchestration.oncall.scalars import handle_of, one_of, unknown, wait_of
from orchestration.policies.actions import Action, Delay, Gate, Gravity, Restriction
from orchestration.policies.dsa import DECISIONS, LONGEST_OTHER
from orchestration.policies.rules import Acting, Caps, Protected, Rules, between_actions
from orchestration.policies.scalars import (
    flag_of,
    number_of,
    or_none,
    plain_of,
    share_of,
    span_of,
)
from orchestration.yaml_lines import Problems, compose, mapping

LONGEST_SAYING = 200
REQUIRED = ("approval_expires", "caps", "actions")


def parse_enforcement(
    text: str, products: Collection[str], *, name: str = "enforcement.yaml"
) -> Rules:
    """The rules in a YAML text; `products` are those there are, as only they may be named.

    Raises YamlError with one line per error, each with its place and what to do.
    """
    problems = Problems()
    root = compose(text, name=name)
    fields: Fields = {**RULES, "products": ("products", partial(_products, products))}
    rules = made(_rules, root, fields, REQUIRED, problems)
    problems.refuse(name)
    return cast("Rules", rules)  # None was refused


def _rules(
    *,
    written: dict[str, Action | None],
    caps: Caps,
    approval_expires: timedelta,
    mode: Acting = Acting.DRY_RUN,
    products: dict[str, Acting] | None = None,
    protected: Protected | None = None,
) -> Rules:
    actions = {name: action for name, action in written.items() if action is not None}
    people = frozenset(written.keys() - actions.keys())
    shield = protected or Protected()
    return Rules(mode, products or {}, approval_expires, caps, shield, actions, people)


def _acting(node: yaml.Node, problems: Problems) -> Acting:
    written = one_of([*Acting], "mode")(node, problems)
    return Acting(written) if written in [*Acting] else Acting.DRY_RUN


def _products(products: Collection[str], node: yaml.Node, problems: Problems) -> dict[str, Acting]:
    found = {}
    for product, place, part in named(node, problems):
        if product not in products:
            problems.add(place, unknown(product, products, "product"))
        found[product] = _acting(part, problems)
    return found


def _actions(node: yaml.Node, problems: Problems) -> dict[str, Action | None]:
    """Actions by id; None for one that people do. What is wrong with any is noted."""
    before = len(problems.found)
    places = named(node, problems)
    found = {name: _action(name, part, problems) for name, _, part in places}
    if len(problems.found) == before:
        lines = {name: place for name, place, _ in places}
        acts = [action for action in found.values() if action is not None]
        for name, text in between_actions(acts):
            problems.add(lines[name], text)
    return found


def _action(name: str, node: yaml.Node, problems: Problems) -> Action | None:
    if _is_peoples(node):
        mapping(node, ("kind",), problems)
        return None
    return made(
        lambda kind="act", **values: Action(name, **values),  # noqa: ARG005 - it is `act`
        node,
        ACTION,
        ACTION_REQUIRED,
        problems,
    )


def _is_peoples(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) and any(
        key.value == "kind" and part.value == "people" for key, part in node.value
    )


def _gravity(node: yaml.Node, problems: Problems) -> Gravity:
    names = [gravity.name.lower() for gravity in Gravity]
    written = one_of(names, "gravity")(node, problems)
    return Gravity[written.upper()] if written in names else Gravity.TERMINATE


def _restriction(node: yaml.Node, problems: Problems) -> Restriction | None:
    parts = mapping(node, (*DECISIONS, "other"), problems)
    chosen = [key for key in DECISIONS if key in parts]
    if len(chosen) != 1:
        problems.add(node, f"wanted none, or one of {', '.join(DECISIONS)}.")
        return None
    word = one_of(DECISIONS[chosen[0]], f"{chosen[0]} restriction")(parts[chosen[0]], problems)
    said = plain_of(LONGEST_OTHER)(parts["other"], problems) if "other" in parts else None
    return problems.attempt(node, lambda: Restriction(chosen[0], word, said))


CAPS: Fields = {
    "per_run": ("per_run", number_of),
    "per_day": ("per_day", number_of),
    "per_day_share": ("per_day_share", share_of),
    "per_monitor": ("per_monitor", number_of),
    "per_tenant": ("per_tenant", number_of),
}
SHIELD: Fields = {"types": ("types", set_of(handle_of)), "tags": ("tags", set_of(handle_of))}
GATE: Fields = {
    "lower_bound": ("lower_bound", share_of),
    "min_n": ("min_n", number_of),
    "max_label_age": ("max_label_age", wait_of),
}
DELAY: Fields = {"min": ("shortest", wait_of), "max": ("longest", wait_of)}
ACTION: Fields = {
    "kind": ("kind", one_of(("act", "people"), "kind")),
    "action_class": ("action_class", handle_of),
    "target_types": ("target_types", set_of(handle_of)),
    "value": ("value", handle_of),
    "reversible": ("reversible", flag_of),
    "gravity": ("gravity", _gravity),
    "says": ("says", plain_of(LONGEST_SAYING)),
    "approvals": ("approvals", number_of),
    "duration": ("duration", or_none(wait_of)),
    "auto": (
        "gate",
        or_none(lambda node, noted: made(Gate, node, GATE, GATE, noted), "never"),
    ),
    "decision": ("restriction", or_none(_restriction)),
    "one_off": ("one_off", flag_of),
    "each_member": ("each_member", flag_of),
    "approval_expires": ("approval_expires", wait_of),
    "delay": ("delay", lambda node, noted: made(Delay, node, DELAY, DELAY, noted)),
}
OPTIONAL = frozenset({"kind", "one_off", "each_member", "approval_expires", "delay"})
ACTION_REQUIRED = tuple(key for key in ACTION if key not in OPTIONAL)
RULES: Fields = {
    "mode": ("mode", _acting),
    "products": ("products", partial(_products, ())),
    "approval_expires": ("approval_expires", span_of),
    "caps": ("caps", lambda node, noted: made(Caps, node, CAPS, CAPS, noted)),
    "protected": ("protected", lambda node, noted: made(Protected, node, SHIELD, (), noted)),
    "actions": ("written", _actions),
}
