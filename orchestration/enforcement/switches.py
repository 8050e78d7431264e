"""Kill switches: one for everything, one for each product and each monitor."""

import re
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from orchestration.enforcement.errors import EnforcementError
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.ids import digest_record
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import switches
from orchestration.oncall.people import Person, require

ALL, PRODUCT, MONITOR = "all", "product:", "monitor:"
NAME = re.compile(r"all|product:[a-z0-9_-]{1,80}|monitor:[a-z0-9_-]{1,80}/[a-z0-9_]{1,80}")


def thrown(connection: Connection, product: str, monitor: str | None) -> str | None:
    """Name of a kill switch that is on for a monitor of a product; None if none is.

    Of several the widest. A null monitor has only its product's and the one for all.
    """
    names = _names(product, monitor)
    rows = select(switches.c.name).where(switches.c.on, switches.c.name.in_(names))
    return covering(connection.scalars(rows).all(), product, monitor)


def on(connection: Connection) -> frozenset[str]:
    """Names of all that are on."""
    return frozenset(connection.scalars(select(switches.c.name).where(switches.c.on)))


def covering(names: Collection[str], product: str, monitor: str | None) -> str | None:
    """The widest switch among those that are on that covers a monitor of a product."""
    return next((name for name in _names(product, monitor) if name in names), None)


def throw(engine: Engine, *, who: Person, name: str, on: bool, reason: str, now: datetime) -> bool:
    """Turn a kill switch on, or lift it; whether that changed anything.

    Lifting needs the permission to approve. Reversals and appeals go on with every switch on.
    Raises PeopleError, and EnforcementError for a name that is no switch's.
    """
    require(who, "kill_switch")
    if not on:
        require(who, "approve")
    if not NAME.fullmatch(name):
        raise EnforcementError(
            f"The switch's name has {len(name)} characters and is none; wanted all, "
            "product:<product> or monitor:<product>/<name>. Copy the id from where they are listed."
        )
    with writing(engine) as connection:
        same = select(switches).where(switches.c.name == name)
        found = connection.execute(same).mappings().one_or_none()
        before = dict(found) if found else None
        if on == bool(before and before["on"]):
            return False
        row = {"name": name, "on": on, "by": who.id, "at": now, "reason": reason}
        append(
            connection,
            act=Act(Actor(who.id, "person"), now, reason),
            verb="throw" if on else "lift",
            object_id=f"switch:{name}",
            before=digest_record(before) if before else None,
            after=digest_record(row),
        )
        upsert(connection, switches, [row], by=["name"])
    return True


def _names(product: str, monitor: str | None) -> tuple[str, ...]:
    """The switches that cover a monitor of a product, the widest first."""
    own = () if monitor is None else (f"{MONITOR}{monitor}",)
    return (ALL, f"{PRODUCT}{product}", *own)
