"""What became of entities during a roll-out, by whether they were in it: to compare them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, select

from orchestration.ledger.labels import OF_DRAWS, labels_of, latest
from orchestration.ledger.rows import BATCH
from orchestration.ledger.tables import alert_findings, alerts, appeals, enforcements
from orchestration.measurement.comparison import CANDIDATE, CONTROL
from orchestration.measurement.rollout import Rollouts
from orchestration.measurement.sampling import UNIFORM

DAY = timedelta(days=1)
WATCHED = 7 * DAY  # after an entity was first found
TAKEN_BACK = frozenset({"overturned", "partial"})
SCHEMA: dict[str, type[pl.DataType]] = {
    "entity": pl.String,
    "arm": pl.String,
    "violating": pl.Boolean,
    "appealed": pl.Boolean,
    "overturned": pl.Boolean,
    "repeated": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class _First:
    """The first alert of an entity."""

    alert_id: str
    entity: str
    opened_at: datetime


def arms(connection: Connection, rolled: Rollouts, now: datetime) -> pl.DataFrame:
    """A row for each entity that the version opened an alert of since it is rolled out.

    By its first alert since: the arm is that of the share of then, whatever the share became.
    `violating` is the label of that alert, null unless it was drawn and judged. `appealed` and
    `overturned` are of what was applied for it, by whomever; null where nothing was. `repeated`:
    the monitor found the entity again between one and seven days later, the first day left out as
    people take it to decide; null until the seven days are over. Empty where nothing was rolled
    out.
    """
    if not rolled.rows:
        return pl.DataFrame(schema=SCHEMA)
    first = _first_alerts(connection, rolled)
    ids = [row.alert_id for row in first]
    judged = _judged(connection, rolled)
    applied = _applied(connection, ids)
    again = _found_again(connection, rolled, {row.entity: row.opened_at for row in first})
    rows = [
        (
            row.entity,
            CANDIDATE if rolled.held_at(row.entity, row.opened_at) else CONTROL,
            judged.get(row.alert_id),
            *applied.get(row.alert_id, (None, None)),
            row.entity in again if now >= row.opened_at + WATCHED else None,
        )
        for row in first
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _first_alerts(connection: Connection, rolled: Rollouts) -> list[_First]:
    """The first alert of each entity since the roll-out began, without those in shadow."""
    a, begun = alerts.c, rolled.rows[0]
    mine = (a.monitor == begun.monitor, a.version == begun.version, a.opened_at >= begun.at)
    query = select(a.alert_id, a.entity, a.opened_at).where(*mine, a.shadow.is_(False))
    found: dict[str, _First] = {}
    for row in connection.execute(query.order_by(a.opened_at, a.alert_id)):
        found.setdefault(row.entity, _First(*row))
    return list(found.values())


def _judged(connection: Connection, rolled: Rollouts) -> dict[str, bool]:
    """What counts as true of each alert that was drawn."""
    labels = labels_of(connection, [(rolled.rows[0].monitor, rolled.rows[0].version)])
    drawn = {
        label.unit_id for label in labels if label.source in OF_DRAWS and label.stratum == UNIFORM
    }
    return {label.unit_id: label.value for label in latest(labels) if label.unit_id in drawn}


def _applied(connection: Connection, ids: list[str]) -> dict[str, tuple[bool, bool]]:
    """Of alerts for which something was applied, whether that was appealed and taken back."""
    e, p = enforcements.c, appeals.c
    joined = select(e.alert_id, p.appeal_id, p.outcome).outerjoin(
        appeals, p.enforcement_id == e.enforcement_id
    )
    done = joined.where(e.mode == "live", e.applied_at.is_not(None))
    found: dict[str, tuple[bool, bool]] = {}
    for some in _batches(ids):
        for alert_id, appeal_id, outcome in connection.execute(done.where(e.alert_id.in_(some))):
            appealed, overturned = found.get(alert_id, (False, False))
            found[alert_id] = (
                appealed or appeal_id is not None,
                overturned or outcome in TAKEN_BACK,
            )
    return found


def _found_again(
    connection: Connection, rolled: Rollouts, begun: Mapping[str, datetime]
) -> set[str]:
    """Entities that the monitor found again, in whichever alert."""
    f, a = alert_findings.c, alerts.c
    columns = select(f.finding_id, f.kind, f.window_end, a.entity)
    joined = columns.join(alerts, a.alert_id == f.alert_id).order_by(f.revision)
    last: dict[str, Row[Any]] = {}
    for some in _batches(sorted(begun)):
        theirs = joined.where(f.monitor == rolled.rows[0].monitor, a.entity.in_(some))
        last |= {row.finding_id: row for row in connection.execute(theirs)}
    return {
        row.entity
        for row in last.values()
        if row.kind != "retracted"
        and begun[row.entity] + DAY < row.window_end <= begun[row.entity] + WATCHED
    }


def _batches(values: list[str]) -> Iterable[list[str]]:
    return (values[at : at + BATCH] for at in range(0, len(values), BATCH))
