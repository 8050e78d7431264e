"""Strikes: what an enforcement counts against an entity, until it expires or is taken back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from orchestration.enforcement.pinned import Pin, pin_of
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writer
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.rows import BATCH
from orchestration.ledger.tables import strikes
from orchestration.policies.policy import Policy


def strike(
    connection: Connection, rows: Sequence[Enforcement], policies: Mapping[Pin, Policy], act: Act
) -> int:
    """Add a strike for each row whose policy, as pinned, has one; how many."""
    found = []
    for row in rows:
        policy = policies.get(pin_of(row))
        if policy is None or policy.strike is None:
            continue
        found.append(
            {
                "strike_id": digest_parts("strike", row.enforcement_id),
                "enforcement_id": row.enforcement_id,
                "entity_type": row.target_type,
                "entity": row.target,
                "policy_id": row.policy_id,
                "weight": policy.strike.weight,
                "at": act.at,
                "expires_at": act.at + policy.strike.expires,
                "removed_at": None,
            }
        )
    changes = [
        Change("strike", f"strike:{each['strike_id']}", None, digest_record(each)) for each in found
    ]
    first = append_all(writer(connection), act=act, changes=changes) - len(found) + 1
    if found:
        numbered = [{**each, "audit_seq": first + at} for at, each in enumerate(found)]
        connection.execute(insert(strikes), numbered)
    return len(found)


def unstrike(connection: Connection, enforcement_ids: Iterable[str], act: Act) -> int:
    """Take back the strikes of some enforcements; how many there were to take back."""
    ids = sorted(enforcement_ids)
    changes = []
    for at in range(0, len(ids), BATCH):
        those = and_(
            strikes.c.enforcement_id.in_(ids[at : at + BATCH]), strikes.c.removed_at.is_(None)
        )
        for row in connection.execute(select(strikes).where(those)).mappings().all():
            was = {name: row[name] for name in row if name != "audit_seq"}
            now = digest_record({**was, "removed_at": act.at})
            changes.append(Change("unstrike", f"strike:{row['strike_id']}", _digest(was), now))
        writer(connection).execute(update(strikes).where(those).values(removed_at=act.at))
    append_all(connection, act=act, changes=sorted(changes, key=lambda change: change.object_id))
    return len(changes)


def weights(connection: Connection, entities: Iterable[str], now: datetime) -> dict[str, int]:
    """What counts against each entity now, by pseudonym; those with nothing are left out."""
    names = sorted(set(entities))
    counts = and_(strikes.c.removed_at.is_(None), strikes.c.at <= now, strikes.c.expires_at > now)
    total = select(strikes.c.entity, func.sum(strikes.c.weight)).where(counts)
    found: dict[str, int] = {}
    for at in range(0, len(names), BATCH):
        some = total.where(strikes.c.entity.in_(names[at : at + BATCH]))
        for entity, weight in connection.execute(some.group_by(strikes.c.entity)):
            found[entity] = int(weight)
    return found


def _digest(row: dict[str, Any]) -> str:
    return digest_record(row)
