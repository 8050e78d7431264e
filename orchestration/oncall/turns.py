"""One team's rota: who has which turn, and who stands in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations
from math import lcm
from typing import NamedTuple
from zoneinfo import ZoneInfo

from orchestration.oncall.errors import RotaError
from orchestration.oncall.walls import DAY, Span, moment, today, utc

WEEK = 7 * DAY
LONGEST = 366 * DAY
LEAST_LAYERS = 2
REMEDY = "let somebody stand in there too."
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Shift(NamedTuple):
    """Half-open `[start, end)`, in UTC, of one person in one layer."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in for whoever has the turns of a layer in `[start, end)`."""

    layer: int
    person: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", utc(self.start))
        object.__setattr__(self, "end", utc(self.end))
        if not self.start < self.end <= self.start + LONGEST:
            raise RotaError(
                f"It runs from {self.start:%Y-%m-%d %H:%MZ} to {self.end:%Y-%m-%d %H:%MZ}; wanted "
                "an end after its start and within a year. For longer, change the layers."
            )


@dataclass(frozen=True, slots=True)
class TeamRota:
    """People take turns in the order of each layer: 1 is called first, 2 where 1 does not answer.

    `weekday` is None where hand-over is daily. The first person of each layer begins at `handover`
    on `first`; turns count back from there too, so that no moment is without anybody. Raises
    RotaError where somebody would have to call themselves.
    """

    team: str
    zone: ZoneInfo
    handover: time
    weekday: int | None
    first: date
    layers: tuple[tuple[str, ...], ...]
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        if len(self.layers) < LEAST_LAYERS or not all(self.layers):
            raise RotaError(
                f"{self.team} has {sum(map(bool, self.layers))} layers with people; write at least "
                "two, so that there is somebody to call when the first does not answer."
            )
        if self.weekday is not None and self.first.weekday() != self.weekday:
            right = self.first - (self.first.weekday() - self.weekday) % 7 * DAY
            raise RotaError(
                f"{self.first} is a {WEEKDAYS[self.first.weekday()]} and hand-over is on "
                f"{WEEKDAYS[self.weekday]}; write {right}."
            )
        wrong = [*_twice(self), *(text for _, text in clashes(self, self.overrides))]
        if wrong:
            raise RotaError(" ".join(wrong))


def shift_at(rota: TeamRota, at: datetime, layer: int) -> Shift:
    """The shift that goes on at a moment. Its end is the next hand-over.

    A stand-in has one shift, whatever turns it covers, and cuts the turns around it.
    """
    return _shift(rota, rota.overrides, utc(at), layer)


def shifts_of(rota: TeamRota, start: datetime, end: datetime, layer: int) -> Iterator[Shift]:
    """The shifts of a layer in `[start, end)`, cut at both ends."""
    return _shifts(rota, rota.overrides, Span(utc(start), utc(end)), layer)


def clashes(rota: TeamRota, overrides: Sequence[Override]) -> list[tuple[int, str]]:
    """What is wrong between overrides of a rota: the place of one, and what to do about it."""
    found = [
        (at, f"it overlaps the override of {before.person} in the same layer; end one earlier.")
        for at, override in enumerate(overrides)
        for before in overrides[:at]
        if override.layer == before.layer
        and override.start < before.end
        and before.start < override.end
    ]
    return found or [
        (at, f"{override.person} would be in layers {override.layer} and {layer} at once; {REMEDY}")
        for at, override in enumerate(overrides)
        for layer in range(1, len(rota.layers) + 1)
        if layer != override.layer
        for shift in _shifts(rota, overrides, Span(override.start, override.end), layer)
        if shift.person == override.person
    ]


def _shift(rota: TeamRota, overrides: Sequence[Override], at: datetime, layer: int) -> Shift:
    others = [override for override in overrides if override.layer == layer]
    for other in others:
        if other.start <= at < other.end:
            return Shift(other.person, other.start, other.end)
    people, number = rota.layers[layer - 1], _turn(rota, at)
    return Shift(
        people[number % len(people)],
        max([_begins(rota, number), *(other.end for other in others if other.end <= at)]),
        min([_begins(rota, number + 1), *(other.start for other in others if other.start > at)]),
    )


def _shifts(
    rota: TeamRota, overrides: Sequence[Override], span: Span, layer: int
) -> Iterator[Shift]:
    at = span.start
    while at < span.end:
        shift = _shift(rota, overrides, at, layer)
        yield Shift(shift.person, at, min(shift.end, span.end))
        at = shift.end


def _twice(rota: TeamRota) -> Iterator[str]:
    """Who is in two layers in the same turn."""
    for (upper, people), (lower, others) in combinations(enumerate(rota.layers, 1), 2):
        both = _same(people, others)
        if both is not None:
            yield (
                f"{both} is in layers {upper} and {lower} in the same turn; "
                "move one layer's people on by one."
            )


def _same(people: Sequence[str], others: Sequence[str]) -> str | None:
    turns = range(lcm(len(people), len(others)))
    pairs = [(people[turn % len(people)], others[turn % len(others)]) for turn in turns]
    return next((one for one, other in pairs if one == other), None)


def _begins(rota: TeamRota, number: int) -> datetime:
    return moment(rota.first + number * _length(rota), rota.handover, rota.zone)


def _turn(rota: TeamRota, at: datetime) -> int:
    """The number of the turn that goes on; below 0 before the first."""
    number = (today(at, rota.zone) - rota.first) // _length(rota)
    while _begins(rota, number + 1) <= at:
        number += 1
    while _begins(rota, number) > at:
        number -= 1
    return number


def _length(rota: TeamRota) -> timedelta:
    return DAY if rota.weekday is None else WEEK
