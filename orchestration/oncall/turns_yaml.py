"""Reads teams' rotas out of rota.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import yaml

from orchestration.oncall.people import Roster, may
from orchestration.oncall.reading import Fields, all_of, made, named
from orchestration.oncall.roles import roles_for
from orchestration.oncall.scalars import (
    IN_PEOPLE,
    day_and_wall_of,
    day_of,
    handle_of,
    one_of,
    unknown,
    wall_of,
    whole_of,
    zone_of,
)
from orchestration.oncall.turns import WEEKDAYS, Override, TeamRota, clashes
from orchestration.oncall.walls import moment
from orchestration.yaml_lines import Problems, sequence

DAILY = "day"


class _Handover(NamedTuple):
    at: time = time()
    every: str = DAILY


@dataclass(frozen=True, slots=True)
class _Written:
    """A team's rota as it stands there; overrides need its zone first."""

    zone: ZoneInfo
    handover: _Handover
    first: date
    layers: tuple[tuple[str, ...], ...]
    overrides: tuple[yaml.Node, ...] = ()


class _StandIn(NamedTuple):
    layer: int
    person: str
    start: datetime
    end: datetime


def read_teams(node: yaml.Node, roster: Roster, problems: Problems) -> Mapping[str, TeamRota]:
    """The rotas that are right, by team; what is wrong with the others is noted."""
    found = {}
    for team, key, part in named(node, problems):
        if team not in roster.teams:
            problems.add(key, unknown(team, roster.teams, "team", IN_PEOPLE))
        rota = _team(team, part, roster, problems)
        if rota is not None:
            found[team] = rota
    return found


def person_of(roster: Roster, node: yaml.Node, problems: Problems) -> str:
    """The id of somebody in people.yaml."""
    text = handle_of(node, problems)
    if text and text not in roster.by_id:
        problems.add(node, unknown(text, roster.by_id, "person", IN_PEOPLE))
    return text


def layer_of(team: str, highest: int, node: yaml.Node, problems: Problems) -> int:
    """The number of a layer that the team's rota has."""
    layer = whole_of(node, problems)
    if not 1 <= layer <= highest:
        problems.add(node, f"{team} has no layer {layer}; it has 1 to {highest}.")
    return layer


def _answering(roster: Roster, node: yaml.Node, problems: Problems) -> str:
    """Somebody who may do what being on call takes."""
    text = person_of(roster, node, problems)
    if text in roster.by_id and not may(roster.by_id[text], "ack"):
        wanted = ", ".join(roles_for("ack"))
        problems.add(node, f"{text} may not ack; give them one of {wanted} in people.yaml.")
    return text


def _team(team: str, node: yaml.Node, roster: Roster, problems: Problems) -> TeamRota | None:
    person = partial(_answering, roster)
    fields: Fields = {
        "zone": ("zone", zone_of),
        "handover": ("handover", _handover),
        "from": ("first", day_of),
        "layers": ("layers", all_of(all_of(person))),
        "overrides": ("overrides", lambda part, noted: tuple(sequence(part, noted))),
    }
    written = made(_Written, node, fields, ("zone", "handover", "from", "layers"), problems)
    if written is None:
        return None
    weekday = None if written.handover.every == DAILY else WEEKDAYS.index(written.handover.every)
    plain = problems.attempt(
        node,
        lambda: TeamRota(
            team, written.zone, written.handover.at, weekday, written.first, written.layers
        ),
    )
    return plain and _with_overrides(plain, written.overrides, roster, problems)


def _with_overrides(
    rota: TeamRota, nodes: tuple[yaml.Node, ...], roster: Roster, problems: Problems
) -> TeamRota | None:
    made_of = [_override(rota, node, roster, problems) for node in nodes]
    overrides = tuple(override for override in made_of if override is not None)
    if len(overrides) < len(nodes):
        return None
    wrong = clashes(rota, overrides)
    for at, text in wrong:
        problems.add(nodes[at], text)
    return None if wrong else replace(rota, overrides=overrides)


def _override(
    rota: TeamRota, node: yaml.Node, roster: Roster, problems: Problems
) -> Override | None:
    fields: Fields = {
        "layer": ("layer", partial(layer_of, rota.team, len(rota.layers))),
        "person": ("person", partial(_answering, roster)),
        "from": ("start", day_and_wall_of),
        "to": ("end", day_and_wall_of),
    }
    written = made(_StandIn, node, fields, fields, problems)
    if written is None:
        return None
    start, end = (moment(at.date(), at.time(), rota.zone) for at in (written.start, written.end))
    return problems.attempt(node, lambda: Override(written.layer, written.person, start, end))


def _handover(node: yaml.Node, problems: Problems) -> _Handover:
    fields: Fields = {
        "at": ("at", wall_of),
        "every": ("every", one_of([DAILY, *WEEKDAYS], "turn")),
    }
    return made(_Handover, node, fields, fields, problems) or _Handover()
