"""Cuts what still ties somebody to the ledger: their alerts stay, under a name that is nobody's."""

import secrets
from collections.abc import Collection

from sqlalchemy import Connection, func, or_, select, update

from orchestration.ledger.database import writer
from orchestration.ledger.enforcement_states import PENDING, SENT
from orchestration.ledger.tables import alert_findings, alerts, enforcements


def count_alerts(connection: Connection, names: Collection[str]) -> int:
    """Alerts of entities of these pseudonyms."""
    mine = select(func.count()).select_from(alerts).where(alerts.c.entity.in_(names))
    return connection.execute(mine).scalar_one()


def count_standing(connection: Connection, names: Collection[str]) -> int:
    """Live actions on entities of these pseudonyms that stand, or are still to be done."""
    table = enforcements.c
    goes_on = or_(table.standing, table.state.in_(PENDING | SENT))
    mine = select(func.count()).select_from(enforcements)
    found = mine.where(table.target.in_(names), table.mode == "live", goes_on)
    return connection.execute(found).scalar_one()


def unlink(connection: Connection, names: Collection[str]) -> int:
    """Give their findings ids and digests that say nothing; how many findings there were.

    A finding's id is a digest without a key, over the entity itself among other things: who has a
    list of all entities could try them, and would learn whose the pseudonym beside it was.
    """
    table = alert_findings.c
    mine = or_(table.entity.in_(names), table.subkey.in_(names))
    ids = connection.execute(select(table.finding_id).where(mine).distinct()).scalars().all()
    for finding_id in ids:
        same = update(alert_findings).where(table.finding_id == finding_id)
        nothing = {"finding_id": secrets.token_hex(32), "digest": secrets.token_hex(32)}
        writer(connection).execute(same.values(**nothing))
    return len(ids)
