"""Reads policies.yaml, with every error at once, its line and its remedy."""

import re
from functools import partial
from typing import cast

import yaml

from monitors.contract import Severity
from monitors.harms import Harm
from orchestration.oncall.reading import Fields, Read, all_of, made, named, parts_of, set_of
from orchestration.oncall.scalars import one_of, unknown, whole_of
from orchestration.policies.dsa import (
    CATEGORIES,
    CONTENT_TYPES,
    KEYWORDS,
    LONGEST_EXPLANATION,
    LONGEST_GROUND,
    LONGEST_OTHER,
)
from orchestration.policies.policy import (
    OURS,
    Appeal,
    Ground,
    Policies,
    Policy,
    Statement,
    Strike,
    Wording,
)
from orchestration.policies.rules import GroundKind, Rules
from orchestration.policies.scalars import or_none, plain_of, span_of
from orchestration.policies.templates import check_template
from orchestration.yaml_lines import Problems, mapping, sequence, text_of

LONGEST_TITLE, LONGEST_TEXT = 60, 1200
PLAYBOOK = re.compile(r"docs/(runbooks|policies)/[a-z0-9_-]+\.md|docs/policies\.md#[a-z0-9-]+")
SEVERITIES = [severity.name for severity in Severity]
PARTS = ("appeal", "policies")


def parse_policies(text: str, rules: Rules, *, name: str = "policies.yaml") -> Policies:
    """The policies in a YAML text, whose actions are those of enforcement.yaml.

    Raises YamlError with one line per error, each with its place and what to do.
    """
    problems = Problems()
    parts = parts_of(text, PARTS, problems, name=name)
    appeal = made(Appeal, parts["appeal"], APPEAL, APPEAL, problems)
    places = named(parts["policies"], problems)
    read = [_policy(title, node, rules, problems) for title, _, node in places]
    _refuse_shared(parts["policies"], problems)
    problems.refuse(name)
    items = tuple(policy for policy in read if policy is not None)
    whole = problems.attempt(parts["policies"], lambda: Policies(items, cast("Appeal", appeal)))
    problems.refuse(name)
    return cast("Policies", whole)  # None was refused


def _policy(title: str, node: yaml.Node, rules: Rules, problems: Problems) -> Policy | None:
    fields: Fields = {**POLICY, "actions": ("actions", all_of(_action(rules)))}
    policy = made(lambda **values: Policy(title, **values), node, fields, fields, problems)
    if policy is not None:
        restricts = any(rules.actions[action].restriction for action in policy.actions)
        template = next(part for key, part in _pairs(node) if key.value == "notice")
        problems.attempt(template, lambda: check_template(policy.notice, whole=restricts))
    return policy


def _action(rules: Rules) -> Read:
    def read(node: yaml.Node, problems: Problems) -> str:
        text = text_of(node, problems)
        if text in rules.people:
            problems.add(node, f"'{text}' is asked of people and always allowed; leave it out.")
        elif text and text not in rules.actions:
            problems.add(node, unknown(text, rules.actions, "action", " in enforcement.yaml"))
        return text

    return read


def _refuse_shared(node: yaml.Node, problems: Problems) -> None:
    """Note harms that an earlier policy covers: a plan must know which one to cite."""
    lines: dict[str, int] = {}
    harms = [
        harm
        for _, policy in _pairs(node)
        for key, part in _pairs(policy)
        if key.value == "harms"
        for harm in sequence(part, Problems())
        if isinstance(harm, yaml.ScalarNode)
    ]
    for harm in harms:
        line = harm.start_mark.line + 1
        first = lines.setdefault(harm.value, line)
        if harm.value in list(Harm) and first != line:
            text = f"'{harm.value}' is covered in line {first}; leave it to one policy."
            problems.add(harm, text)


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _harm(node: yaml.Node, problems: Problems) -> Harm:
    written = one_of([*Harm], "harm")(node, problems)
    return Harm(written) if written in list(Harm) else min(OURS)


def _severity(node: yaml.Node, problems: Problems) -> Severity:
    written = one_of(SEVERITIES, "severity")(node, problems)
    return Severity[written] if written in SEVERITIES else Severity.S3


def _ground(node: yaml.Node, problems: Problems) -> Ground | None:
    parts = mapping(node, [*GroundKind], problems)
    if len(parts) != 1:
        problems.add(node, "wanted one of terms or law, with its clause.")
        return None
    ((kind, part),) = parts.items()
    return Ground(GroundKind(kind), plain_of(LONGEST_GROUND)(part, problems))


def _playbook(node: yaml.Node, problems: Problems) -> str:
    text = text_of(node, problems)
    if text and not PLAYBOOK.fullmatch(text):
        problems.add(node, "it is no playbook; write a path as in docs/runbooks/scam_factory.md.")
    return text


def _record(kind: type, fields: Fields, *optional: str) -> Read:
    required = tuple(key for key in fields if key not in optional)
    return partial(_made, kind, fields, required)


def _made(
    kind: type, fields: Fields, required: tuple[str, ...], node: yaml.Node, problems: Problems
) -> object:
    return made(kind, node, fields, required, problems)


APPEAL: Fields = {"within": ("within", span_of), "route": ("route", plain_of(LONGEST_TEXT))}
TEXT: Fields = {
    "not_allowed": ("not_allowed", plain_of(LONGEST_TEXT)),
    "allowed": ("allowed", plain_of(LONGEST_TEXT)),
    "borderline": ("borderline", plain_of(LONGEST_TEXT)),
}
STRIKE: Fields = {"weight": ("weight", whole_of), "expires": ("expires", span_of)}
STATEMENT: Fields = {
    "category": ("category", one_of(CATEGORIES, "category")),
    "keywords": ("keywords", all_of(one_of(KEYWORDS, "keyword"))),
    "content_types": ("content_types", all_of(one_of(CONTENT_TYPES, "content type"))),
    "other": ("other", plain_of(LONGEST_OTHER)),
    "explanation": ("explanation", plain_of(LONGEST_EXPLANATION)),
}
POLICY: Fields = {
    "version": ("version", whole_of),
    "title": ("title", plain_of(LONGEST_TITLE)),
    "harms": ("harms", set_of(_harm)),
    "severity": ("severity", _severity),
    "ground": ("ground", _ground),
    "text": ("text", _record(Wording, TEXT)),
    "actions": ("actions", all_of(text_of)),
    "playbook": ("playbook", _playbook),
    "strike": ("strike", or_none(_record(Strike, STRIKE))),
    "statement": ("statement", _record(Statement, STATEMENT, "other")),
    "notice": ("notice", plain_of(LONGEST_TEXT)),
}
