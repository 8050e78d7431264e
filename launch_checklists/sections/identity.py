"""Who answers for the product: its owner, who is woken, and who rolls back."""

from collections.abc import Collection
from functools import partial

from launch_checklists.checklist import Checklist
from launch_checklists.facts import Facts, Team
from launch_checklists.item import Item, Seen
from launch_checklists.levels import level
from launch_checklists.parts import Stage
from launch_checklists.seeing import failed, given, named, passed

PEOPLE = "Write the team into people.yaml with who is in it."


def identity(checklist: Checklist, stage: Stage) -> list[Item]:
    """The owner's team has people, its rota no gap of two weeks, and somebody rolls back."""
    product = checklist.product
    owner = Item(
        id="identity.owner",
        section="identity",
        level=level("owner", stage),
        requirement=f"The team {product.owner} has people.",
        owner=product.owner,
        probe=partial(_staffed, product.owner),
        waivable=False,
    )
    rota = Item(
        id="identity.oncall",
        section="identity",
        level=level("rota", stage),
        requirement=f"Somebody of {product.oncall} is on call at any time of the next 14 days.",
        owner=product.oncall,
        probe=partial(_covered, product.oncall),
        waivable=False,
    )
    rollback = Item(
        id="identity.rollback",
        section="identity",
        level=level("rollback", stage),
        requirement=f"{checklist.rollback_owner}, who rolls the launch back, is a person or team.",
        owner=product.owner,
        probe=partial(_resolves, checklist.rollback_owner),
    )
    return [owner, rota, rollback]


def _staffed(team: str, facts: Facts) -> Seen:
    lack = failed(f"there is no team {team}.", fix=PEOPLE)
    return named(facts.teams, team, _people, lack=lack)


def _people(team: Team) -> Seen:
    if not team.people:
        return failed("nobody is in it.", fix=PEOPLE)
    return passed(f"{len(team.people)} people are in it.")


def _covered(team: str, facts: Facts) -> Seen:
    lack = failed(f"{team} has no rota.", fix="Write it into rota.yaml.")
    return named(facts.teams, team, _without_gap, lack=lack)


def _without_gap(team: Team) -> Seen:
    if not team.gaps:
        return passed("somebody is, all the time.")
    first = team.gaps[0]
    text = f"nobody is on call from {first.start:%Y-%m-%d %H:%M} to {first.end:%Y-%m-%d %H:%M} UTC"
    more = f", and in {len(team.gaps) - 1} more gaps." if len(team.gaps) > 1 else "."
    return failed(text + more, fix="Fill the gap in rota.yaml.", since=first.start)


def _resolves(name: str, facts: Facts) -> Seen:
    def is_person(people: Collection[str]) -> Seen:
        return passed("it is a person.") if name in people else team()

    def team() -> Seen:
        lack = failed(f"nobody is called {name}.", fix="Name a person or team of people.yaml.")
        return named(facts.teams, name, _people, lack=lack)

    return given(facts.people, is_person)
