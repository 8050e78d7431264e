"""Whose pseudonym it is: the real id of an entity, as far as something here still knows it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import polars as pl
from sqlalchemy import Connection, select

from monitors.evaluate import Span
from monitors.registry import contracts
from orchestration.cases.findings import findings_of
from orchestration.cases.members import Entity, batches
from orchestration.cases.sightings import again, events_of
from orchestration.lake import Lake
from orchestration.ledger.tables import alerts
from orchestration.pseudonyms import Pseudonyms

# Columns that hold the ids of one kind under other names: both sides of an event.
ALSO = {"account_id": ("target_id", "recipient_id", "peer_id", "referrer_id")}
EACH = 3  # findings read of an alert: they are all of one entity


def real_ids(
    connection: Connection,
    lake: Lake,
    names: Pseudonyms,
    wanted: Collection[Entity],
    span: Span,
) -> dict[Entity, str]:
    """The real id behind each type and pseudonym; those that nothing knows any more are left out.

    Asks what is remembered of those acted on, then the findings of their alerts, and at last every
    id that the events of the span hold.
    """
    kept = names.entities_of([name for _, name in wanted])
    found = {
        (kind, name): kept[name][1]
        for kind, name in wanted
        if name in kept and kept[name][0] == kind
    }
    found |= _of_findings(connection, lake, names, set(wanted) - found.keys())
    return found | _of_events(lake, names, set(wanted) - found.keys(), span)


def _of_findings(
    connection: Connection, lake: Lake, names: Pseudonyms, wanted: Collection[Entity]
) -> dict[Entity, str]:
    ids: dict[Entity, str] = {}
    for some in batches(sorted({name for _, name in wanted})):
        rows = select(alerts.c.alert_id, alerts.c.entity_type, alerts.c.entity)
        newest = rows.where(alerts.c.entity.in_(some)).order_by(alerts.c.last_seen)
        ids |= {(row.entity_type, row.entity): row.alert_id for row in connection.execute(newest)}
    mine = {entity: ids[entity] for entity in wanted if entity in ids}
    if not mine:
        return {}
    found = pl.concat(
        [findings_of(connection, lake, [one], most=EACH).rows for one in sorted(mine.values())]
    )
    return _matched(names, mine, found.select("entity_type", "entity").unique().iter_rows())


def _of_events(
    lake: Lake, names: Pseudonyms, wanted: Collection[Entity], span: Span
) -> dict[Entity, str]:
    found: dict[Entity, str] = {}
    for kind in sorted({kind for kind, _ in wanted}):
        mine = [one for one in wanted if one[0] == kind]
        ids = again(lambda kind=kind: _ids(lake, kind, span))  # type: ignore[misc]
        found |= _matched(names, mine, ((kind, entity) for entity in ids))
    return found


def _ids(lake: Lake, kind: str, span: Span) -> list[str]:
    """Every id of a type in the events of a span."""
    frames = [
        events_of(lake, contract, span).select(pl.col(column).alias("id"))
        for contract in contracts().values()
        for column in (kind, *ALSO.get(kind, ()))
        if contract.schema.get(column) == pl.String
    ]
    if not frames:
        return []
    found = pl.concat(frames).drop_nulls().unique().sort("id")
    return found.collect(engine="streaming")["id"].to_list()


def _matched(
    names: Pseudonyms, wanted: Iterable[Entity], real: Iterable[tuple[str, str]]
) -> dict[Entity, str]:
    """Of real ids by type, those whose pseudonyms are wanted."""
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for kind, entity in real:
        by_kind[kind].append(entity)
    known: dict[Entity, str] = {}
    for kind, ids in by_kind.items():
        named: Mapping[str, str] = names.known(kind, ids)
        known |= {(kind, name): entity for entity, name in named.items()}
    return {one: known[one] for one in wanted if one in known}
