"""The reducer's state as the ledger holds it, read inside the transaction that changes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select, tuple_

from orchestration.alerts.matchers import Matcher
from orchestration.alerts.records import (
    Alert,
    Kept,
    Mark,
    Place,
    Reason,
    Silence,
    State,
    Taken,
    TakenKey,
    Told,
    ToldKey,
)
from orchestration.ledger.alerts import going_on
from orchestration.ledger.tables import alert_findings, alerts, intake, silences, told

BATCH = 300  # of partitions a query; SQLite allows some thousand variables


@dataclass(frozen=True, slots=True)
class Loaded:
    """A state with what only the ledger knows: the threads of what was told."""

    state: State
    threads: Mapping[ToldKey, str] = field(default_factory=dict)

    @property
    def by_id(self) -> dict[str, Alert]:
        """The alerts that go on, by id."""
        return {alert.alert_id: alert for alert in self.state.alerts.values()}


def known_intake(connection: Connection, *, oldest: datetime) -> dict[TakenKey, Taken]:
    """What was last taken in of each monitor and partition that ends after `oldest`."""
    rows = select(intake).where(intake.c.partition_end > oldest)
    return {
        (row["monitor"], row["partition"], row["partition_end"]): Taken(
            row["version"], row["as_of"], row["status"], row["digest"]
        )
        for row in connection.execute(rows).mappings()
    }


def load(
    connection: Connection,
    *,
    now: datetime,
    oldest: datetime,
    keys: Iterable[TakenKey] = (),
) -> Loaded:
    """The state of this moment; findings of the partitions in `keys` only, which may change."""
    taken = known_intake(connection, oldest=oldest)
    kept = _findings(connection, [key for key in keys if key in taken])
    for key, places in kept.items():
        known = taken[key]
        taken[key] = Taken(known.version, known.as_of, known.status, known.digest, places)
    last, threads = _told(connection)
    state = State(
        alerts={alert.key: alert for alert in going_on(connection)},
        silences=_silences(connection, now),
        taken=taken,
        told=last,
    )
    return Loaded(state, threads)


def revisions_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """The last revision of each finding of these ids that the ledger has, in any partition."""
    table = alert_findings.c
    found: dict[str, int] = {}
    for at in range(0, len(ids), BATCH):
        of_ids = table.finding_id.in_(ids[at : at + BATCH])
        last = select(table.finding_id, func.max(table.revision)).where(of_ids)
        found.update(
            (row[0], row[1]) for row in connection.execute(last.group_by(table.finding_id))
        )
    return found


def _findings(connection: Connection, keys: list[TakenKey]) -> dict[TakenKey, dict[Place, Kept]]:
    found: dict[TakenKey, dict[Place, Kept]] = {}
    table = alert_findings.c
    joined = select(alert_findings, alerts.c.dedup_key).join(alerts)
    for at in range(0, len(keys), BATCH):
        part = tuple_(table.monitor, table.partition, table.partition_end).in_(
            keys[at : at + BATCH]
        )
        ordered = joined.where(part).order_by(table.audit_seq, table.revision)
        for row in connection.execute(ordered).mappings():
            places = found.setdefault((row["monitor"], row["partition"], row["partition_end"]), {})
            place = (row["entity"], row["window_start"], row["window_end"], row["subkey"])
            places.pop(place, None)
            if row["kind"] != "retracted":
                places[place] = Kept(
                    row["finding_id"], row["digest"], row["dedup_key"], row["alert_id"]
                )
    return found


def _told(connection: Connection) -> tuple[dict[ToldKey, Told], dict[ToldKey, str]]:
    last, threads = {}, {}
    for row in connection.execute(select(told)).mappings():
        key = (row["group_key"], row["receiver"])
        last[key] = read_told(row)
        threads[key] = row["thread_id"]
    return last, threads


def read_told(row: RowMapping) -> Told:
    """What a row of the notification log says."""
    return Told(
        route=row["route"],
        labels=tuple((name, value) for name, value in row["labels"]),
        at=row["at"],
        reason=Reason(row["reason"]),
        state_hash=row["state_hash"],
        marks={alert_id: Mark(*values) for alert_id, values in row["marks"].items()},
        number=row["number"],
    )


def _silences(connection: Connection, now: datetime) -> dict[str, Silence]:
    running = select(silences).where(silences.c.ends_at > now, silences.c.ended_by.is_(None))
    rows = connection.execute(running.order_by(silences.c.silence_id)).mappings()
    return {row["silence_id"]: read_silence(row) for row in rows}


def read_silence(row: RowMapping) -> Silence:
    """The silence that a row holds."""
    return Silence(
        silence_id=row["silence_id"],
        matchers=tuple(Matcher(*parts) for parts in row["matchers"]),
        starts=row["starts_at"],
        ends=row["ends_at"],
        owner=row["created_by"],
        reason=row["reason"],
    )
