"""What entities of alerts have in common: the members of rings, as the evidence lists them."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Engine, and_, select

from orchestration.alerts.records import Watched
from orchestration.cases.findings import findings_of
from orchestration.cases.grouping import Links
from orchestration.cases.members import IS_CURRENT
from orchestration.cases.opening import FIRES, OPENS
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.ledger.tables import alerts, case_alerts
from orchestration.pseudonyms import Pseudonyms

MEMBERS = "members"  # key of the evidence under which monitors of rings list whom they are made of
LOOKED = 1000  # newest findings that are read


def links_of(
    engine: Engine, lake: Lake, names: Pseudonyms, *, watched: Mapping[str, Watched]
) -> Links:
    """Members by the pseudonym of their ring, of all alerts that fire; nothing if none is new.

    Only members who have a pseudonym: no alert can be about another. The evidence lists a hundred
    members at most; others are not linked.
    """
    current = and_(case_alerts.c.alert_id == alerts.c.alert_id, IS_CURRENT)
    columns = (alerts.c.alert_id, alerts.c.monitor, alerts.c.entity_type, alerts.c.entity)
    rows = select(*columns, case_alerts.c.case_id).outerjoin(case_alerts, current)
    fires = rows.where(alerts.c.state.in_(sorted(FIRES)), alerts.c.shadow.is_(False))
    with reading(engine) as connection:
        found = [
            row
            for row in connection.execute(fires)
            if row.monitor in watched and watched[row.monitor].mode in OPENS
        ]
        if all(row.case_id is not None for row in found):
            return {}
        ids = {row.alert_id: row.entity for row in found}
        evidence = findings_of(connection, lake, ids, most=LOOKED).rows
    listed: defaultdict[str, set[str]] = defaultdict(set)
    stands = evidence.filter("standing").select("alert_id", "evidence")
    for alert_id, text in stands.iter_rows():
        listed[ids[alert_id]] |= _members(text)
    kinds = {row.entity_type for row in found}
    known = _named(names, kinds, {member for some in listed.values() for member in some})
    linked = {
        entity: frozenset(name for member in members for name in known.get(member, ()))
        for entity, members in listed.items()
    }
    return {entity: some for entity, some in linked.items() if some}


def _named(
    names: Pseudonyms, kinds: Iterable[str], members: Collection[str]
) -> dict[str, list[str]]:
    """Pseudonyms of members, of whatever kind they have one: the evidence does not say."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for kind in sorted(kinds):
        for member, name in names.known(kind, members).items():
            found[member].append(name)
    return found


def _members(evidence: str | None) -> set[str]:
    listed = json.loads(evidence or "{}").get(MEMBERS) or ()
    return {member for member in listed if isinstance(member, str)}
