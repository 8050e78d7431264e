"""What a case is about: its alerts and entities, and how they come to it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from orchestration.alerts.records import Alert
from orchestration.ledger.acts import Act
from orchestration.ledger.alerts import read_alert
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.rows import upsert
from orchestration.ledger.tables import alerts as alerts_table
from orchestration.ledger.tables import case_alerts, case_entities

BATCH = 500
IS_CURRENT = text("case_alerts.current")  # SQLite finds the index by its own words only
T = TypeVar("T")
Entity = tuple[str, str]  # type and pseudonym


@dataclass
class Members:
    """The alerts that a case has now, oldest first, and its entities, in their order."""

    alerts: list[Alert] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)


def entity_of(alert: Alert) -> Entity:
    """Whom an alert is about."""
    return alert.entity_type, alert.entity


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in parts that a query can name."""
    every = list(values)
    return (every[at : at + BATCH] for at in range(0, len(every), BATCH))


def members(connection: Connection, case_ids: Iterable[str]) -> dict[str, Members]:
    """The members of some cases; each of them is there, even if it has none."""
    wanted = sorted(set(case_ids))
    found = {case_id: Members() for case_id in wanted}
    ordered = (alerts_table.c.opened_at, alerts_table.c.alert_id)
    mine = case_alerts.c.alert_id == alerts_table.c.alert_id
    for some in batches(wanted):
        rows = select(alerts_table, case_alerts.c.case_id).join(case_alerts, mine)
        current = rows.where(case_alerts.c.current, case_alerts.c.case_id.in_(some))
        for row in connection.execute(current.order_by(*ordered)).mappings():
            found[row["case_id"]].alerts.append(read_alert(row))
        listed = select(case_entities).where(case_entities.c.case_id.in_(some))
        for entity in connection.execute(listed):
            found[entity.case_id].entities.append((entity.entity_type, entity.entity))
    for one in found.values():
        one.entities.sort()
    return found


def sizes(connection: Connection, case_ids: Iterable[str]) -> dict[str, int]:
    """How many alerts each case has now."""
    counted: defaultdict[str, int] = defaultdict(int)
    for some in batches(sorted(set(case_ids))):
        rows = select(case_alerts.c.case_id).where(
            case_alerts.c.current, case_alerts.c.case_id.in_(some)
        )
        for case_id in connection.execute(rows).scalars():
            counted[case_id] += 1
    return counted


def place(
    connection: Connection, joining: Mapping[str, Sequence[Alert]], act: Act, verb: str = "join"
) -> None:
    """Give alerts to cases, with their entities: from then on no other case has them.

    The audit holds one row for each case, with a digest of the alerts that came.
    """
    pairs = [(case_id, alert) for case_id in sorted(joining) for alert in joining[case_id]]
    if not pairs:
        return
    leave(connection, [alert.alert_id for _, alert in pairs])
    rows = [
        {
            "case_id": case_id,
            "alert_id": alert.alert_id,
            "joined_at": act.at,
            "findings": alert.count,
            "current": True,
        }
        for case_id, alert in pairs
    ]
    upsert(connection, case_alerts, rows, by=("case_id", "alert_id"))
    add_entities(connection, {(case_id, *entity_of(alert)) for case_id, alert in pairs}, act)
    changes = [
        Change(
            verb,
            f"case_alerts:{case_id}",
            after=digest_parts(*sorted(alert.alert_id for alert in joining[case_id])),
        )
        for case_id in sorted(joining)
        if joining[case_id]
    ]
    append_all(connection, act=act, changes=changes)


def leave(connection: Connection, alert_ids: Sequence[str]) -> None:
    """Take alerts out of the cases that have them; those keep a row that says they had them."""
    same = case_alerts.c.alert_id == bindparam("found")
    left = update(case_alerts).where(same, IS_CURRENT).values(current=False)
    connection.execute(left, [{"found": alert_id} for alert_id in alert_ids])


def count_findings(connection: Connection, grown: Mapping[str, Sequence[Alert]]) -> None:
    """Note how many findings of their alerts cases know of."""
    rows = [
        {"of_case": case_id, "of_alert": alert.alert_id, "n": alert.count}
        for case_id, alerts in grown.items()
        for alert in alerts
    ]
    if rows:
        same = case_alerts.c.case_id == bindparam("of_case")
        mine = case_alerts.c.alert_id == bindparam("of_alert")
        connection.execute(
            update(case_alerts).where(same, mine).values(findings=bindparam("n")), rows
        )


def add_entities(connection: Connection, wanted: Iterable[tuple[str, str, str]], act: Act) -> None:
    """Add entities to cases: case, type and pseudonym of each; those that are there stay."""
    rows = set(wanted)
    known = members(connection, {case_id for case_id, _, _ in rows})
    new = sorted(row for row in rows if row[1:] not in set(known[row[0]].entities))
    if new:
        names = ("case_id", "entity_type", "entity")
        values = [{**dict(zip(names, row, strict=True)), "added_at": act.at} for row in new]
        connection.execute(insert(case_entities), values)


def drop_entities(connection: Connection, case_id: str, gone: Iterable[Entity]) -> None:
    """Take entities out of a case whose alerts went to another."""
    rows = [{"kind": kind, "name": name} for kind, name in sorted(gone)]
    if rows:
        dropped = delete(case_entities).where(
            case_entities.c.case_id == case_id,
            case_entities.c.entity_type == bindparam("kind"),
            case_entities.c.entity == bindparam("name"),
        )
        connection.execute(dropped, rows)
