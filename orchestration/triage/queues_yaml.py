"""Reads queues.yaml, with every error at once, its line and its remedy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import cast

import yaml

from monitors.contract import Monitor
from orchestration.oncall.hours import Hours
from orchestration.oncall.hours_yaml import read_hours
from orchestration.oncall.people import Roster
from orchestration.oncall.reading import Fields, made, parts_of
from orchestration.oncall.scalars import one_of, wait_of
from orchestration.triage.clock import Goals
from orchestration.triage.desks import Appeals, Desks, Queue
from orchestration.triage.hours_yaml import (
    GOALS,
    amount_of,
    positive,
    read_policies,
    share_of,
)
from orchestration.triage.queue_yaml import Known, known_of, read_queues, read_rules
from orchestration.triage.score import FEATURES
from orchestration.yaml_lines import Problems

SETTINGS: Fields = {
    "reopen_window": ("reopen_window", positive(wait_of)),
    "ageing": ("ageing", share_of),
    "lease": ("lease", positive(wait_of)),
    "largest_cluster": ("largest_cluster", amount_of),
}
PARTS = ("hours", "sla", "queues", "routing", "default", "score", "appeals", *SETTINGS)


@dataclass(frozen=True, slots=True)
class _Appeals:
    hours: Hours
    first_action: int
    resolve: int
    pauses: bool


def parse_desks(
    text: str, roster: Roster | None, monitors: Iterable[Monitor], *, name: str = "queues.yaml"
) -> Desks:
    """The desks in a YAML text, whose skills are people's and whose traits are the monitors'.

    Without a roster nobody is asked whether people can work on them.

    Raises YamlError with one line per error, each with its place and what to do.
    """
    problems = Problems()
    parts = parts_of(text, PARTS, problems, name=name)
    desks = _desks(parts, known_of(roster, monitors), problems)
    problems.refuse(name)
    return desks


def _desks(parts: Mapping[str, yaml.Node], known: Known, problems: Problems) -> Desks:
    """All of it; where problems were noted, what is wrong stands there as it came."""
    hours = read_hours(parts["hours"], problems)
    policies = read_policies(parts["sla"], problems)
    queues = read_queues(parts["queues"], known, hours, policies, problems)
    rules = read_rules(parts["routing"], known, queues, problems)
    values = {key: read(parts[key], problems) for key, (_, read) in SETTINGS.items()}
    if not values["ageing"]:
        problems.add(parts["ageing"], "at 0 every case is aged; write a share, as in 0.8.")
    return Desks(
        hours=cast("dict[str, Hours]", hours),
        queues=cast("dict[str, Queue]", queues),
        policies=cast("dict[str, tuple[Goals, ...]]", policies),
        rules=rules,
        default=one_of(queues, "queue")(parts["default"], problems),
        weights=_weights(parts["score"], problems),
        appeals=cast("Appeals", _appeals(parts["appeals"], hours, problems)),
        reopen_window=values["reopen_window"],
        ageing=float(values["ageing"]),
        lease=values["lease"],
        largest_cluster=values["largest_cluster"],
    )


def _weights(node: yaml.Node, problems: Problems) -> dict[str, float]:
    before = len(problems.found)
    fields: Fields = {feature: (feature, share_of) for feature in FEATURES}
    weights = made(partial(dict[str, Decimal]), node, fields, FEATURES, problems)
    if weights is None or len(problems.found) > before:
        return {}
    whole = sum(weights.values())
    if whole != 1:
        problems.add(node, f"the weights sum to {whole}; wanted 1. Change one by {1 - whole:+}.")
    if not weights["severity"]:
        problems.add(node, "severity weighs 0, and may be all that is known; write more.")
    return {feature: float(weight) for feature, weight in weights.items()}


def _appeals(
    node: yaml.Node, hours: Mapping[str, Hours | None], problems: Problems
) -> Appeals | None:
    names = one_of(hours, "hours")
    fields: Fields = {
        "hours": ("hours", lambda part, noted: hours.get(names(part, noted))),
        **GOALS,
    }
    written = made(_Appeals, node, fields, fields, problems)
    if written is None:
        return None
    return problems.attempt(
        node,
        lambda: Appeals(
            written.hours, Goals(written.first_action, written.resolve, written.pauses)
        ),
    )
