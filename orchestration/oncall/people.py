"""Who works here: people by id and by Slack id, and what each may do."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from orchestration.oncall.errors import PeopleError
from orchestration.oncall.roles import Role, Verb, roles_for


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by a handle that is neither their name nor an address.

    `site` is where they work, empty if nobody said; `vendor` who employs them, empty for us.
    """

    id: str
    slack: str
    roles: frozenset[Role]
    zone: ZoneInfo
    teams: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    site: str = ""
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody in people.yaml. Ids and Slack ids are each somebody's own."""

    people: tuple[Person, ...]
    by_id: Mapping[str, Person] = field(init=False, repr=False, compare=False)
    by_slack: Mapping[str, Person] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = {person.id: person for person in self.people}
        by_slack = {person.slack: person for person in self.people}
        if min(len(by_id), len(by_slack)) < len(self.people):
            raise PeopleError("Two people have one id or one Slack id; give each their own.")
        object.__setattr__(self, "by_id", by_id)
        object.__setattr__(self, "by_slack", by_slack)

    @property
    def teams(self) -> frozenset[str]:
        """Every team that somebody is in."""
        return frozenset(team for person in self.people for team in person.teams)

    def person(self, person_id: str) -> Person:
        """Somebody by id. Raises PeopleError, which names the nearest id."""
        if person_id not in self.by_id:
            alike = difflib.get_close_matches(person_id, self.by_id, n=1)
            hint = f"did you mean '{alike[0]}'?" if alike else "add them to people.yaml."
            raise PeopleError(f"There is no person with that id; {hint}")
        return self.by_id[person_id]

    def of_slack(self, slack_id: str) -> Person:
        """Somebody by Slack id. Raises PeopleError for one who is not in people.yaml."""
        if slack_id not in self.by_slack:
            raise PeopleError(
                "No person has that Slack id; ask an admin to add it to people.yaml, with a role."
            )
        return self.by_slack[slack_id]


def may(person: Person, verb: Verb) -> bool:
    """Whether one of their roles permits it."""
    return not person.roles.isdisjoint(roles_for(verb))


def require(person: Person, verb: Verb) -> None:
    """Raise PeopleError, which says which role is wanted, unless they may."""
    if not may(person, verb):
        has, wanted = ", ".join(sorted(person.roles)), ", ".join(roles_for(verb))
        raise PeopleError(
            f"{person.id} has the roles {has}, none of which may '{verb}'; wanted one of {wanted}. "
            "Ask somebody who has it, or have it added in people.yaml."
        )
