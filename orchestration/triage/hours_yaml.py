"""Reads SLA policies out of queues.yaml, and the single values of its own."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import yaml

from monitors.contract import Severity
from orchestration.oncall.reading import Fields, Read, made, named
from orchestration.oncall.scalars import one_of, quoted, wait_of
from orchestration.triage.clock import Goals
from orchestration.yaml_lines import Problems, mapping, text_of

SHARE = re.compile(r"(0|1)(\.\d{1,6})?")
AMOUNT = re.compile(r"\d{1,6}")
FLAGS = {"true": True, "false": False}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GOALS: Fields


def read_policies(node: yaml.Node, problems: Problems) -> dict[str, tuple[Goals, ...] | None]:
    """Goals of S0 to S3 by the policy's name; None for those with mistakes, which are noted."""
    return {name: _policy(part, problems) for name, _, part in named(node, problems)}


def goals_of(node: yaml.Node, problems: Problems) -> Goals | None:
    """What is promised: first action, end, and whether pauses stop the clock."""
    return made(Goals, node, GOALS, GOALS, problems)


def flag_of(node: yaml.Node, problems: Problems) -> bool:
    """True or false, written so."""
    return FLAGS.get(one_of(FLAGS, "answer")(node, problems), False)


def share_of(node: yaml.Node, problems: Problems) -> Decimal:
    """A share from 0 to 1, such as 0.35, exactly as written."""
    text = text_of(node, problems)
    if SHARE.fullmatch(text) and Decimal(text) <= 1:
        return Decimal(text)
    if text:
        problems.add(node, f"{quoted(text)} is no share; write it as in 0.35, from 0 to 1.")
    return Decimal(0)


def amount_of(node: yaml.Node, problems: Problems) -> int:
    """A count that is at least 1."""
    text = text_of(node, problems)
    if AMOUNT.fullmatch(text) and int(text):
        return int(text)
    if text:
        problems.add(node, f"{quoted(text)} is no count from 1 to 999999; write one, as in 100.")
    return 1


def positive(read: Callable[[yaml.Node, Problems], timedelta]) -> Read:
    """A reader of a time that is longer than nothing."""

    def read_positive(node: yaml.Node, problems: Problems) -> timedelta:
        before, found = len(problems.found), read(node, problems)
        if not found and len(problems.found) == before:
            problems.add(node, "it is no time at all; write one, as in 30m.")
        return found

    return read_positive


def minutes_of(node: yaml.Node, problems: Problems) -> int:
    """Minutes of working time, as 30m or 8h; a day would be how long they are open, or 24 h."""
    before, length = len(problems.found), wait_of(node, problems)
    if len(problems.found) > before:
        return 1
    if text_of(node, problems).endswith("d") or length % MINUTE or not length:
        problems.add(node, "it counts working time; write whole minutes or hours, as in 30m or 8h.")
        return 1
    return length // MINUTE


def _policy(node: yaml.Node, problems: Problems) -> tuple[Goals, ...] | None:
    names = [severity.name for severity in Severity]
    parts = mapping(node, names, problems)
    missing = [name for name in names if name not in parts]
    if missing and isinstance(node, yaml.MappingNode):
        problems.add(node, f"{', '.join(missing)} is missing; every severity has its goals.")
    goals = [goals_of(parts[name], problems) for name in names if name in parts]
    right = tuple(goal for goal in goals if goal is not None)
    return right if len(right) == len(names) else None


GOALS = {
    "first_action": ("first_action", minutes_of),
    "resolve": ("resolve", minutes_of),
    "pauses": ("pauses", flag_of),
}
