"""Ids as people give them: whole, or the beginning of one that is the only one."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, or_, select

SHORTEST = 6
MOST = 5  # that are named
ID = re.compile(r"[A-Za-z0-9_:.-]{1,200}")


class IdError(ValueError):
    """An id that is of nothing or of several things; says what is wanted."""


def full_id(
    connection: Connection,
    column: Column[Any],
    given: str,
    *,
    what: str,
    listed: str,
    prefixes: Iterable[str] = ("",),
) -> str:
    """The one id of a column that begins so, with or without one of its prefixes.

    An id given whole is found however short. Raises IdError, which says where ids are listed.
    """
    a_what = f"an {what}" if what[0] in "aeiou" else f"a {what}"
    copy = f"Copy it from `{listed}`."
    if not ID.fullmatch(given):
        raise IdError(f"That is no {what}'s id: it has {len(given)} characters. {copy}")
    whole = select(column).where(or_(*(column == prefix + given for prefix in prefixes)))
    found = list(connection.execute(whole).scalars())
    if found:
        return str(found[0])
    if len(given) < SHORTEST:
        raise IdError(f"At least {SHORTEST} characters of {a_what}'s id are wanted. {copy}")
    begins = [column.startswith(prefix + given, autoescape=True) for prefix in prefixes]
    rows = select(column).where(or_(*begins)).order_by(column).limit(MOST + 1)
    found = list(connection.execute(rows).scalars())
    if not found:
        raise IdError(f"There is no {what} {given}. {copy}")
    if len(found) > 1:
        named = ", ".join(found[:MOST]) + (", …" if len(found) > MOST else "")
        raise IdError(f"{given} begins the ids of several: {named}. Give more of it.")
    return str(found[0])
