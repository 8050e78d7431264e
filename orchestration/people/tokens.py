"""Personal tokens: who holds one has proved who they are. The ledger knows their hashes alone."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import Change, append, append_all
from orchestration.ledger.database import writer
from orchestration.ledger.ids import check_id, digest_record
from orchestration.ledger.tables import people_tokens
from orchestration.oncall.people import Roster
from orchestration.people.errors import TokenError

PREFIX = "wft_"  # so that scanners for secrets know one
BYTES = 32
LONGEST = 366  # days
# One text for every cause: whoever tries tokens learns nothing from it.
REFUSED = (
    "The token is not valid: it may be unknown, expired or revoked, or its owner is no longer in "
    "people.yaml. Ask an admin for another, and run `watchfloor login`."
)


@dataclass(frozen=True, slots=True)
class Held:
    """A token that is valid now, without the token."""

    person: str
    expires_at: datetime


def issue(connection: Connection, person: str, *, act: Act, now: datetime, days: int) -> str:
    """Make a token of a person, good for so many days; nobody can read it again.

    Whether the act's actor may is asked elsewhere. Raises TokenError for a time that is too long.
    """
    if not 1 <= days <= LONGEST:
        raise TokenError(f"The token would last {days} days; wanted 1 to {LONGEST}.")
    token = PREFIX + secrets.token_urlsafe(BYTES)
    token_hash = _hash(token)
    row = {
        "token_hash": token_hash,
        "person": check_id("person", person),
        "created_at": now,
        "expires_at": now + timedelta(days=days),
    }
    connection = writer(connection)
    connection.execute(insert(people_tokens), row)
    append(
        connection,
        act=act,
        verb="issue_token",
        object_id=_object(token_hash),
        after=digest_record(row),
    )
    return token


def authenticate(connection: Connection, roster: Roster, token: str, now: datetime) -> Actor:
    """The person whose token it is. Raises TokenError, with one text whatever is wrong."""
    return Actor(held(connection, roster, token, now).person, "person")


def held(connection: Connection, roster: Roster, token: str, now: datetime) -> Held:
    """Whose token it is and until when it holds; TokenError as `authenticate`."""
    table = people_tokens.c
    same = select(table.person, table.expires_at).where(
        table.token_hash == _hash(token), table.revoked_at.is_(None), table.expires_at > now
    )
    row = connection.execute(same).one_or_none()
    if row is None or row.person not in roster.by_id:
        raise TokenError(REFUSED)
    return Held(row.person, row.expires_at)


def revoke(connection: Connection, token: str, *, act: Act) -> int:
    """End a token before its time; how many were ended: none if it was not valid any more."""
    return _end(connection, [_hash(token)], act)


def revoke_all(connection: Connection, person: str, *, act: Act) -> int:
    """End every token of a person; how many there were."""
    mine = select(people_tokens.c.token_hash).where(people_tokens.c.person == person)
    return _end(connection, connection.execute(mine).scalars().all(), act)


def anybody_holds(connection: Connection, people: Collection[str], *, now: datetime) -> bool:
    """Whether one of these people has a token that is valid now."""
    table = people_tokens.c
    valid = select(table.person).where(
        table.person.in_(list(people)), table.revoked_at.is_(None), table.expires_at > now
    )
    return connection.execute(valid.limit(1)).one_or_none() is not None


def _end(connection: Connection, hashes: Collection[str], act: Act) -> int:
    table = people_tokens.c
    ending = (
        update(people_tokens)
        .where(table.token_hash.in_(list(hashes)))
        .where(table.revoked_at.is_(None), table.expires_at > act.at)
        .values(revoked_at=act.at)
        .returning(table.token_hash)
    )
    ended = sorted(writer(connection).execute(ending).scalars())
    changes = [Change("revoke_token", _object(name)) for name in ended]
    append_all(connection, act=act, changes=changes)
    return len(ended)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _object(token_hash: str) -> str:
    """What the audit calls a token: enough of its hash to find the row, not the hash itself."""
    return f"token:{token_hash[:16]}"
