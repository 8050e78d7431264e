"""Forgets somebody: out of the lake, cut off from the ledger, and their key destroyed at last.

The key goes last. Until then whatever was left by a crash can be found by doing the same again;
after it, nothing is left that would have to be found.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from monitors.registry import Registry
from orchestration.forgetting.errors import ForgetError
from orchestration.forgetting.lake import Rewritten, find, quiet, remove
from orchestration.forgetting.ledger import count_alerts, count_standing, unlink
from orchestration.forgetting.subject import Subject
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.oncall.people import Person, require
from orchestration.pseudonyms import Pseudonyms

BEGUN, DONE = "forget", "forgotten"
LONGEST_REASON = 200  # what the audit takes, less the counts before it


@dataclass(frozen=True, slots=True)
class Place:
    """An installation: what may hold somebody's data."""

    lake: Lake
    engine: Engine
    pseudonyms: Pseudonyms
    registry: Registry


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of the lake by table, alerts that the ledger keeps, and names with a key.

    `standing` are live actions on them that stand or are still to be done.
    """

    rows: Mapping[str, int]
    alerts: int
    names: Mapping[str, str]
    standing: int = 0

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to forget."""
        return not self.rows and not self.names


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done. `forgotten_id` stands in the audit in place of the entity; empty: nothing."""

    rows: Mapping[str, int]
    alerts: int
    keys: int
    forgotten_id: str


def look(place: Place, subject: Subject) -> Found:
    """What there is of somebody. Changes nothing."""
    names = _names(place, subject)
    with reading(place.engine) as connection:
        alerts = count_alerts(connection, list(names.values()))
        standing = count_standing(connection, list(names.values()))
    return Found(find(place.lake, subject, place.registry), alerts, names, standing)


def forget(
    place: Place,
    subject: Subject,
    *,
    who: Person,
    reason: str,
    now: datetime,
    leave_standing: bool = False,
    rewritten: Rewritten = quiet,
) -> Forgotten:
    """Remove somebody's rows, cut the ledger's ties, and destroy their key.

    What will be removed is in the audit before the first row goes, and what was removed before the
    key goes. Where there is nothing, nothing is written. Raises PeopleError for one who may not,
    and ForgetError for a reason that names the entity, and while an action on it stands, which
    nobody could undo later: unless `leave_standing`.
    """
    require(who, "forget")
    _check(subject, reason)
    found = look(place, subject)
    if found.nothing:
        _destroy(place, subject)  # a run that was broken off may have left a key in the log
        return Forgotten({}, 0, 0, "")
    if found.standing and not leave_standing:
        raise ForgetError(
            f"{found.standing} actions stand against the entity or are under way; once it is "
            "forgotten nobody can undo them. Reverse them first, or leave them standing knowingly."
        )
    forgotten_id = f"forgotten:{secrets.token_hex(8)}"
    actor = Actor(who.id, "person")
    begun = f"{_counted(found.rows)}, {found.alerts} alerts: {reason}"
    with writing(place.engine) as connection:
        act = Act(actor, now, f"begun: {begun}")
        append(connection, act=act, verb=BEGUN, object_id=forgotten_id)
    rows = remove(place.lake, subject, place.registry, now=now, rewritten=rewritten)
    with writing(place.engine) as connection:
        findings = unlink(connection, list(_names(place, subject).values()))
        act = Act(actor, now, f"{_counted(rows)}, {findings} findings cut off: {reason}")
        append(connection, act=act, verb=DONE, object_id=forgotten_id)
    return Forgotten(rows, found.alerts, _destroy(place, subject), forgotten_id)


def _check(subject: Subject, reason: str) -> None:
    if re.search(subject.word, reason):
        raise ForgetError(
            "The reason names who is to be forgotten, and the audit would keep it for ever. "
            "Say it without the id, as in 'request 4711'."
        )
    if len(reason) > LONGEST_REASON:
        raise ForgetError(
            f"The reason has {len(reason)} characters; wanted at most {LONGEST_REASON}. Shorten it."
        )


def _destroy(place: Place, subject: Subject) -> int:
    return sum(place.pseudonyms.forget(kind, subject.entity) for kind in subject.kinds)


def _names(place: Place, subject: Subject) -> dict[str, str]:
    """The subject's pseudonyms by type."""
    known = {kind: place.pseudonyms.known(kind, [subject.entity]) for kind in subject.kinds}
    return {kind: names[subject.entity] for kind, names in known.items() if names}


def _counted(rows: Mapping[str, int]) -> str:
    return f"{sum(rows.values())} rows of {len(rows)} tables"
