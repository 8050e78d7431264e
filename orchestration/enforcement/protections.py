"""Protected entities: nothing is done to them without two people."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, or_, select

from orchestration.enforcement.errors import EnforcementError
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.ids import check_id, digest_record
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import protections
from orchestration.oncall.people import Person, require
from orchestration.policies.rules import Rules


@dataclass(frozen=True, slots=True)
class Protection:
    """One protected entity, by pseudonym; `tag` says why. A null `ends_at` is for good."""

    entity_type: str
    entity: str
    tag: str
    by: str
    at: datetime
    ends_at: datetime | None


def protect(
    engine: Engine,
    *,
    who: Person,
    entity_type: str,
    entity: str,
    tag: str,
    reason: str,
    rules: Rules,
    now: datetime,
    ends_at: datetime | None = None,
) -> None:
    """Protect an entity, or change why and until when.

    What is pending is not undone: it is looked at again before it is carried out. Raises
    PeopleError, and EnforcementError for a tag that enforcement.yaml lacks and an end that is past.
    """
    require(who, "protect")
    if tag not in rules.protected.tags:
        known = ", ".join(sorted(rules.protected.tags)) or "none"
        raise EnforcementError(
            f"The tag is none of enforcement.yaml; wanted one of: {known}. "
            "Use one, or add it there."
        )
    if ends_at is not None and ends_at <= now:
        raise EnforcementError(
            f"The protection would end at {ends_at}, which is past; wanted a later time, or none."
        )
    row = {
        "entity_type": check_id("entity_type", entity_type),
        "entity": check_id("entity", entity),
        "reason": tag,
        "by": who.id,
        "at": now,
        "ends_at": ends_at,
    }
    with writing(engine) as connection:
        append(
            connection,
            act=Act(Actor(who.id, "person"), now, reason),
            verb="protect",
            object_id=f"protected:{entity_type}:{entity}",
            after=digest_record(row),
        )
        upsert(connection, protections, [row], by=["entity_type", "entity"])


def unprotect(
    engine: Engine, *, who: Person, entity_type: str, entity: str, reason: str, now: datetime
) -> bool:
    """End a protection; whether there was one. Raises PeopleError."""
    require(who, "protect")
    p = protections.c
    with writing(engine) as connection:
        same = select(protections).where(p.entity_type == entity_type, p.entity == entity)
        row = connection.execute(same.where(_holds(now))).mappings().one_or_none()
        if row is None:
            return False
        ended = {**row, "ends_at": now}
        append(
            connection,
            act=Act(Actor(who.id, "person"), now, reason),
            verb="unprotect",
            object_id=f"protected:{entity_type}:{entity}",
            before=digest_record(dict(row)),
            after=digest_record(ended),
        )
        upsert(connection, protections, [ended], by=["entity_type", "entity"])
    return True


def protected(connection: Connection, now: datetime) -> list[Protection]:
    """Every protection that holds, by type and entity."""
    p = protections.c
    rows = select(protections).where(_holds(now)).order_by(p.entity_type, p.entity)
    return [
        Protection(row.entity_type, row.entity, row.reason, row.by, row.at, row.ends_at)
        for row in connection.execute(rows)
    ]


def protected_now(connection: Connection, now: datetime) -> frozenset[tuple[str, str]]:
    """Type and pseudonym of every protected entity."""
    return frozenset((one.entity_type, one.entity) for one in protected(connection, now))


def _holds(now: datetime) -> ColumnElement[bool]:
    return or_(protections.c.ends_at.is_(None), protections.c.ends_at > now)
