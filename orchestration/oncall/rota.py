"""The whole rota: hours, teams, ladders and delivery, and who is to be told at a moment."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitors.contract import Severity
from orchestration.oncall.delivery import Delivery
from orchestration.oncall.errors import RotaError
from orchestration.oncall.hours import Hours
from orchestration.oncall.ladders import Channel, Ladder, OnCall, Someone, Target
from orchestration.oncall.turns import Shift, TeamRota, shift_at, shifts_of


@dataclass(frozen=True, slots=True)
class Rota:
    """All of rota.yaml; hours by name, teams' rotas by team, ladders in their order."""

    hours: Mapping[str, Hours]
    teams: Mapping[str, TeamRota]
    ladders: tuple[Ladder, ...]
    delivery: Delivery


def on_call(rota: Rota, team: str, at: datetime, layer: int = 1) -> str:
    """The id of the person on call; there is always one.

    Raises RotaError for a team or layer that is not there.
    """
    return shift_at(_team(rota, team, layer), at, layer).person


def shifts(
    rota: Rota, team: str, start: datetime, end: datetime, layer: int = 1
) -> tuple[Shift, ...]:
    """Who is on call in `[start, end)`, shift after shift. Raises RotaError as `on_call`."""
    return tuple(shifts_of(_team(rota, team, layer), start, end, layer))


def next_handover(rota: Rota, team: str, at: datetime, layer: int = 1) -> datetime:
    """When the shift ends that goes on at a moment: always after it. RotaError as `on_call`."""
    return shift_at(_team(rota, team, layer), at, layer).end


def ladder_for(rota: Rota, severity: Severity, team: str) -> Ladder | None:
    """The first ladder for such alerts of a team; None, never for S0 and S1: nobody is called."""
    return next(
        (
            ladder
            for ladder in rota.ladders
            if severity in ladder.severities and (not ladder.teams or team in ladder.teams)
        ),
        None,
    )


def receiver(rota: Rota, target: Target, at: datetime) -> Someone | Channel:
    """Whom a target means at a moment. Raises RotaError as `on_call`."""
    if isinstance(target, OnCall):
        return Someone(on_call(rota, target.team, at, target.layer))
    return target


def _team(rota: Rota, team: str, layer: int) -> TeamRota:
    found = rota.teams.get(team)
    if found is None:
        alike = difflib.get_close_matches(team, rota.teams, n=1)
        hint = f"did you mean '{alike[0]}'?" if alike else f"there are {', '.join(rota.teams)}."
        raise RotaError(f"There is no rota of a team '{team}'; {hint}")
    if not 1 <= layer <= len(found.layers):
        raise RotaError(f"{team} has no layer {layer}; it has 1 to {len(found.layers)}.")
    return found
