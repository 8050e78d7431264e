"""Who may give tokens: an admin; and while no admin holds one, whoever may write the ledger."""

from datetime import datetime

from sqlalchemy import Connection

from orchestration.ledger.acts import Act, Actor
from orchestration.oncall.people import Person, Roster
from orchestration.oncall.roles import Role
from orchestration.people.errors import TokenError
from orchestration.people.tokens import anybody_holds, authenticate, issue, revoke_all

BOOTSTRAP = Actor("bootstrap", "system")


def give(
    connection: Connection, roster: Roster, person_id: str, *, by: str, now: datetime, days: int
) -> str:
    """Issue a token to somebody of people.yaml; `by` is the issuer's own token, or empty.

    The first needs none: who may write the ledger's database could write the row too, so it is
    given to an admin, and only while no admin holds a valid one. Raises PeopleError and TokenError.
    """
    person = roster.person(person_id)
    admins = [someone.id for someone in roster.people if Role.ADMIN in someone.roles]
    if by or anybody_holds(connection, admins, now=now):
        actor = _admin(connection, roster, by, now)
        reason = "token issued by an admin"
    elif Role.ADMIN in person.roles:
        actor, reason = BOOTSTRAP, "first token of an admin, by who may write the ledger"
    else:
        known = ", ".join(admins) or "nobody; give somebody the role in people.yaml"
        raise TokenError(
            f"No admin holds a token yet, so the first must go to one, and {person.id} is none. "
            f"Admins are: {known}."
        )
    return issue(connection, person.id, act=Act(actor, now, reason, person.id), now=now, days=days)


def take_away(
    connection: Connection, roster: Roster, person_id: str, *, by: str, now: datetime
) -> int:
    """Revoke every token of a person, also of one who has left people.yaml; how many there were.

    An admin may, and the person. Raises TokenError.
    """
    actor = authenticate(connection, roster, by, now)
    if actor.id != person_id:
        _require_admin(roster.by_id[actor.id])
    act = Act(actor, now, "all tokens of a person revoked", person_id)
    return revoke_all(connection, person_id, act=act)


def _admin(connection: Connection, roster: Roster, token: str, now: datetime) -> Actor:
    if not token:
        raise TokenError(
            "Issuing a token needs an admin's, and you have none. Run `watchfloor login` with "
            "yours, or ask an admin."
        )
    actor = authenticate(connection, roster, token, now)
    _require_admin(roster.by_id[actor.id])
    return actor


def _require_admin(person: Person) -> None:
    if Role.ADMIN not in person.roles:
        has = ", ".join(sorted(person.roles))
        raise TokenError(
            f"{person.id} has the roles {has}; other people's tokens need the role admin. Ask one."
        )
