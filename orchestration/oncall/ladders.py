"""Escalation ladders: whom to tell next while nobody answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from monitors.contract import Severity
from orchestration.oncall.errors import RotaError
from orchestration.oncall.hours import ROUND_THE_CLOCK, ZERO, Hours, next_open
from orchestration.oncall.walls import utc

SHORTEST_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OnCall:
    """Whoever is on call for a team, in a layer of its rota."""

    team: str
    layer: int = 1


@dataclass(frozen=True, slots=True)
class Someone:
    """One person, by id."""

    person: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A Slack channel, by id."""

    channel: str


Target = OnCall | Someone | Channel


@dataclass(frozen=True, slots=True)
class Step:
    """After `wait` since the step before, or since the opening, tell the target.

    With `only_in` it waits on until those hours are open, and the steps after it wait with it.
    """

    wait: timedelta
    target: Target
    only_in: Hours | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps for alerts of these severities and teams; no teams: of every team.

    After the last step it begins again `repeat` times, `pause` later each. Raises RotaError for
    one that would tell nobody, everybody at once, or let S0 or S1 wait for the morning.
    """

    name: str
    severities: frozenset[Severity]
    steps: tuple[Step, ...]
    teams: frozenset[str] = frozenset()
    repeat: int = 0
    pause: timedelta = ZERO

    def __post_init__(self) -> None:
        if not self.steps or not self.severities:
            raise RotaError(
                f"The ladder '{self.name}' has {len(self.severities)} severities and "
                f"{len(self.steps)} steps; write at least one of each."
            )
        if self.repeat and self.pause < SHORTEST_PAUSE:
            raise RotaError(
                f"The ladder '{self.name}' begins again after {self.pause}; wanted at least 1m."
            )
        if self.severities & ROUND_THE_CLOCK and any(step.only_in for step in self.steps):
            raise RotaError(
                f"The ladder '{self.name}' is for S0 or S1, which wait for no hours; take only_in "
                "away, or write a ladder of its own for S2 and S3."
            )


class Due(NamedTuple):
    """A step whose time has come; `number` counts from 0 through all repeats."""

    number: int
    at: datetime
    target: Target


class Progress(NamedTuple):
    """What to tell now, where the ladder stands after it, and when to ask again; None: never."""

    steps: tuple[Due, ...]
    pointer: int
    next_at: datetime | None


def due_steps(
    ladder: Ladder, opened_at: datetime, now: datetime, pointer: int, *, stopped: bool = False
) -> Progress:
    """The steps that are due and were not taken yet; with the new pointer there are none.

    `pointer` counts the steps taken, 0 for an alert that has just fired. Of steps missed, each
    target gets the latest, once. `stopped`: somebody acked it, or it was resolved. An alert that
    fires again climbs from 0 with its new time of firing. Raises RotaError below 0.
    """
    if pointer < 0:
        raise RotaError(f"The pointer is {pointer}; wanted the number of steps taken, from 0.")
    if stopped:
        return Progress((), pointer, None)
    latest: dict[Target, Due] = {}
    after = pointer
    for due in _climb(ladder, utc(opened_at)):
        if due.number < pointer:
            continue
        if due.at > now:
            return Progress(_in_order(latest), due.number, due.at)
        latest[due.target] = due
        after = due.number + 1
    return Progress(_in_order(latest), after, None)


def _climb(ladder: Ladder, opened_at: datetime) -> Iterator[Due]:
    at, number = opened_at, 0
    for again in range(ladder.repeat + 1):
        at += ladder.pause if again else ZERO
        for step in ladder.steps:
            at += step.wait
            if step.only_in is not None:
                at = next_open(step.only_in, at)
            yield Due(number, at, step.target)
            number += 1


def _in_order(latest: dict[Target, Due]) -> tuple[Due, ...]:
    return tuple(sorted(latest.values(), key=lambda due: due.number))
