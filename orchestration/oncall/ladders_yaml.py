"""Reads escalation ladders out of rota.yaml."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from typing import NamedTuple

import yaml

from monitors.contract import Severity
from orchestration.oncall.hours import ROUND_THE_CLOCK, ZERO, Hours
from orchestration.oncall.ladders import Channel, Ladder, OnCall, Someone, Step, Target
from orchestration.oncall.people import Roster
from orchestration.oncall.reading import Fields, Read, all_of, made, named, set_of
from orchestration.oncall.scalars import IN_PEOPLE, handle_of, one_of, unknown, wait_of, whole_of
from orchestration.oncall.turns_yaml import layer_of, person_of
from orchestration.yaml_lines import Problems, mapping, text_of

CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")
SEVERITIES = [severity.name for severity in Severity]


@dataclass(frozen=True, slots=True)
class Known:
    """What ladders may name: hours, people, teams and how many layers each team's rota has.

    A rota with mistakes has None layers: that it is wrong is said there.
    """

    hours: Mapping[str, Hours | None]
    roster: Roster
    layers: Mapping[str, int | None]


class _Match(NamedTuple):
    severities: frozenset[Severity] = frozenset()
    teams: frozenset[str] = frozenset()


class _Repeat(NamedTuple):
    times: int = 0
    after: timedelta = ZERO


ONCE = _Repeat()


@dataclass(frozen=True, slots=True)
class _Written:
    match: _Match
    steps: tuple[Step, ...]
    repeat: _Repeat = ONCE


def read_ladders(node: yaml.Node, known: Known, problems: Problems) -> tuple[Ladder, ...]:
    """The ladders that are right, in their order; what is wrong with the others is noted."""
    before = len(problems.found)
    places = named(node, problems)
    made_of = [_ladder(name, part, known, problems) for name, _, part in places]
    ladders = tuple(ladder for ladder in made_of if ladder is not None)
    if len(problems.found) == before:
        for at, text in between_ladders(ladders):
            problems.add(places[at][1], text)
    return ladders


def between_ladders(ladders: Sequence[Ladder]) -> list[tuple[int, str]]:
    """What is wrong with ladders as a whole: the place of one, and what to do about it."""
    found = []
    taken: set[tuple[Severity, str]] = set()  # the team "" is every team
    for at, ladder in enumerate(ladders):
        pairs = set(product(ladder.severities, ladder.teams or {""}))
        if all({pair, (pair[0], "")} & taken for pair in pairs):
            text = f"the ladders before '{ladder.name}' take all its alerts; move it up."
            found.append((at, text))
        taken |= pairs
    missing = [s.name for s in sorted(ROUND_THE_CLOCK) if (s, "") not in taken]
    if missing:
        text = f"no ladder takes {' and '.join(missing)} of every team; end with one without teams."
        found.append((len(ladders) - 1, text))
    return found


def hours_of(known: Mapping[str, Hours | None]) -> Read:
    """A reader of hours by their name."""
    name_of = one_of(known, "hours")
    return lambda node, problems: known.get(name_of(node, problems))


def _ladder(name: str, node: yaml.Node, known: Known, problems: Problems) -> Ladder | None:
    fields: Fields = {
        "match": ("match", partial(_match, known)),
        "steps": ("steps", all_of(partial(_step, known))),
        "repeat": ("repeat", _repeat),
    }
    written = made(_Written, node, fields, ("match", "steps"), problems)
    if written is None:
        return None
    match, repeat = written.match, written.repeat
    return problems.attempt(
        node,
        lambda: Ladder(
            name, match.severities, written.steps, match.teams, repeat.times, repeat.after
        ),
    )


def _match(known: Known, node: yaml.Node, problems: Problems) -> _Match:
    fields: Fields = {
        "severities": ("severities", set_of(_severity)),
        "teams": ("teams", partial(_teams, known)),
    }
    return made(_Match, node, fields, ("severities",), problems) or _Match()


def _teams(known: Known, node: yaml.Node, problems: Problems) -> frozenset[str]:
    if isinstance(node, yaml.SequenceNode) and not node.value:
        problems.add(node, "it is empty; name a team, or leave teams out for every team.")
    return set_of(one_of(known.roster.teams, "team", IN_PEOPLE))(node, problems)


def _severity(node: yaml.Node, problems: Problems) -> Severity:
    written = one_of(SEVERITIES, "severity")(node, problems)
    return Severity[written] if written in SEVERITIES else Severity.S3


def _step(known: Known, node: yaml.Node, problems: Problems) -> Step | None:
    fields: Fields = {
        "wait": ("wait", wait_of),
        "notify": ("target", partial(_target, known)),
        "only_in": ("only_in", hours_of(known.hours)),
    }
    return made(Step, node, fields, ("wait", "notify"), problems)


def _target(known: Known, node: yaml.Node, problems: Problems) -> Target | None:
    keys = ("oncall", "person", "channel")
    parts = mapping(node, (*keys, "layer"), problems)
    chosen = [key for key in keys if key in parts]
    if len(chosen) != 1 or ("layer" in parts and "oncall" not in parts):
        problems.add(node, "wanted one of oncall (with layer), person or channel.")
        return None
    if "person" in parts:
        return Someone(person_of(known.roster, parts["person"], problems))
    if "channel" in parts:
        return Channel(_channel(parts["channel"], problems))
    team = handle_of(parts["oncall"], problems)
    if team and team not in known.layers:
        problems.add(parts["oncall"], unknown(team, known.layers, "rota"))
    highest = known.layers.get(team)
    if "layer" not in parts or highest is None:
        return OnCall(team)
    return OnCall(team, layer_of(team, highest, parts["layer"], problems))


def _channel(node: yaml.Node, problems: Problems) -> str:
    text = text_of(node, problems)
    if text and not CHANNEL.fullmatch(text):
        problems.add(node, "it is no Slack channel id; copy it from the channel, as in C0ALERTS.")
    return text


def _repeat(node: yaml.Node, problems: Problems) -> _Repeat:
    fields: Fields = {"count": ("times", whole_of), "after": ("after", wait_of)}
    return made(_Repeat, node, fields, fields, problems) or ONCE
