"""Reads rota.yaml, with every error at once, its line and its remedy."""

from collections.abc import Mapping
from typing import cast

import yaml

from orchestration.oncall.delivery import Batch, Delivery, Digest
from orchestration.oncall.hours import Hours
from orchestration.oncall.hours_yaml import read_hours
from orchestration.oncall.ladders_yaml import Known, hours_of, read_ladders
from orchestration.oncall.people import Roster
from orchestration.oncall.reading import Fields, made, named, parts_of
from orchestration.oncall.rota import Rota
from orchestration.oncall.scalars import wait_of, wall_of, zone_of
from orchestration.oncall.turns import TeamRota
from orchestration.oncall.turns_yaml import read_teams
from orchestration.yaml_lines import Problems

PARTS = ("hours", "rotas", "ladders", "delivery")


def parse_rota(text: str, roster: Roster, *, name: str = "rota.yaml") -> Rota:
    """The rota in a YAML text, whose people are those of the roster.

    Raises YamlError with one line per error, each with its place and what to do.
    """
    problems = Problems()
    parts = parts_of(text, PARTS, problems, name=name)
    hours = read_hours(parts["hours"], problems)
    teams = read_teams(parts["rotas"], roster, problems)
    layers = _layers(parts["rotas"], teams)
    ladders = read_ladders(parts["ladders"], Known(hours, roster, layers), problems)
    delivery = _delivery(parts["delivery"], hours, problems)
    problems.refuse(name)
    open_hours = {title: found for title, found in hours.items() if found is not None}
    return Rota(open_hours, teams, ladders, cast("Delivery", delivery))  # None was refused


def _layers(node: yaml.Node, teams: Mapping[str, TeamRota]) -> dict[str, int | None]:
    """How many layers each team's rota has; None for one whose mistakes were noted."""
    names = [name for name, _, _ in named(node, Problems())]
    return {name: len(teams[name].layers) if name in teams else None for name in names}


def _delivery(
    node: yaml.Node, hours: Mapping[str, Hours | None], problems: Problems
) -> Delivery | None:
    batch: Fields = {"every": ("every", wait_of), "only_in": ("hours", hours_of(hours))}
    digest: Fields = {"at": ("at", wall_of), "zone": ("zone", zone_of)}
    fields: Fields = {
        "S2": ("batch", lambda part, noted: made(Batch, part, batch, batch, noted)),
        "S3": ("digest", lambda part, noted: made(Digest, part, digest, digest, noted)),
    }
    return made(Delivery, node, fields, fields, problems)
