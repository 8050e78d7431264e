"""A ledger that steps go over, and lakes with what was evaluated, short to write."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Engine, delete, select
from upath import UPath

from monitors.contract import Monitor
from monitors.evaluate import FINDINGS
from monitors.finding_ids import finding_id
from orchestration.alerts.actions import ack
from orchestration.alerts.records import Evaluation, Finding, Step, Watched
from orchestration.alerts.reducer import step
from orchestration.alerts.rules import Config, Route
from orchestration.intake.manifests import Names
from orchestration.intake.run import INTAKE, Taken, take_in
from orchestration.intake.save import save
from orchestration.intake.state import load
from orchestration.intake.threads import Timing, at_once
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.alert_changes import write_alerts
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import metadata
from orchestration.manifests import Intent, Manifest, Status, content_digest, write_manifest
from orchestration.partitions import LENGTH
from orchestration.pseudonyms import pseudonym
from tests.orchestration.alerts.builders import MINUTE, WATCHED, at
from tests.support.ledgers import act
from tests.support.manifests import MANIFEST
from tests.support.monitors import failed_logins

KEY = b"k" * 32
LOGINS = {"accounts/failed_logins": WATCHED["chat/mass_dm"]}
ALL = Config((Route("all", "C0ABUSE", group_interval=MINUTE),))
Row = dict[str, object]


def named(kind: str, entity: str) -> str:
    """The pseudonym under the tests' key."""
    return pseudonym(KEY, kind, entity)


def names_of(kind: str, entities: Iterable[str]) -> dict[str, str]:
    """The pseudonyms of several entities of one type."""
    return {entity: named(kind, entity) for entity in entities}


@dataclass
class Watch:
    """A ledger that steps go over, one after another."""

    engine: Engine
    config: Config = ALL
    watched: Mapping[str, Watched] = field(default_factory=lambda: dict(WATCHED))
    timing: Timing = at_once

    def step(self, hour: float, *evaluations: Evaluation, found: Iterable[Finding] = ()) -> Step:
        """Take a step so many hours after the start: loaded from the ledger, saved to it."""
        now = at(hour)
        keys = [(e.monitor, e.partition, e.partition_end) for e in evaluations]
        with writing(self.engine) as connection:
            before = load(connection, now=now, oldest=now - self.config.memory, keys=keys)
            done = step(
                before.state,
                evaluations=evaluations,
                findings=found,
                watched=self.watched,
                now=now,
                config=self.config,
            )
            by = Act(INTAKE, now, "evaluations taken in")
            save(
                connection,
                before=before,
                step=done,
                evaluations=evaluations,
                act=by,
                timing=self.timing,
            )
        return done

    def ack(self, hour: float, alert_id: str) -> None:
        """Ana acks an alert."""
        now = at(hour)
        with writing(self.engine) as connection:
            before = load(connection, now=now, oldest=now)
            state = ack(before.state, alert_id=alert_id, by="ana", now=now, config=self.config)
            by = Act(Actor("ana", "person"), now, "I look at it")
            write_alerts(connection, before=before.by_id, after=state.alerts.values(), act=by)

    def rows(self, table: str, *order: str) -> list[Row]:
        """Rows of a table, in the order of some columns."""
        with reading(self.engine) as connection:
            return rows(connection, table, *order)


def rows(connection: Connection, table: str, *order: str) -> list[Row]:
    """Rows of a table, in the order of some columns."""
    found = metadata.tables[table]
    every = select(found).order_by(*(found.c[name] for name in order))
    return [dict(row) for row in connection.execute(every).mappings()]


def contents(engine: Engine) -> dict[str, list[str]]:
    """Everything that a ledger holds: the rows of every table, as JSON, in their order."""
    with reading(engine) as connection:
        return {
            name: sorted(
                json.dumps(row, default=str, sort_keys=True) for row in rows(connection, name)
            )
            for name in metadata.tables
        }


def emptied(engine: Engine) -> None:
    """Make a ledger as it was when it was new."""
    with writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        append(connection, act=act(), verb="init", object_id="ledger:ledger-1")


def taken(
    engine: Engine,
    lake: Lake,
    now: datetime,
    *,
    since: datetime | None = None,
    names: Names = names_of,
    config: Config = ALL,
) -> Taken:
    """Take in what the lake holds, for the monitors that the tests watch."""
    return take_in(
        engine,
        lake,
        watched=LOGINS,
        config=config,
        timing=at_once,
        names=names,
        now=now,
        since=since,
    )


def findings(
    monitor: Monitor, start: datetime, scores: Mapping[str, float], *, subkey: str | None = None
) -> pl.DataFrame:
    """Findings of one partition by entity, as a monitor's evaluation stores them."""
    end = start + LENGTH["1h"]
    return pl.DataFrame(
        [
            {
                "finding_id": finding_id(
                    monitor.id,
                    monitor.version,
                    monitor.entity,
                    entity,
                    window_start=start,
                    window_end=end,
                    subkey=subkey,
                ),
                "monitor": monitor.id,
                "version": monitor.version,
                "product": monitor.product,
                "harm": monitor.harm.value,
                "severity": int(monitor.severity),
                "entity_type": monitor.entity,
                "entity": entity,
                "subkey": subkey,
                "window_start": start,
                "window_end": end,
                "score": score,
                "threshold": monitor.threshold,
                "evidence": '{"agent": "CANARY-v"}',
            }
            for entity, score in scores.items()
        ],
        schema=FINDINGS,
    )


def stored(
    lake: Lake,
    start: datetime,
    scores: Mapping[str, float],
    *,
    as_of: datetime,
    monitor: Monitor = failed_logins,
    status: Status = "complete",
    intent: Intent = "live",
    subkey: str | None = None,
) -> Manifest:
    """Store findings of one partition, and then their manifest, as an evaluation does."""
    found = findings(monitor, start, scores, subkey=subkey)
    lake.replace(found_at(lake, start, monitor), found)
    manifest = replace(
        MANIFEST,
        monitor=monitor.name,
        product=monitor.product,
        version=monitor.version,
        partition=start.isoformat(),
        partition_end=(start + LENGTH[monitor.every]).isoformat(),
        as_of=as_of.isoformat(),
        status=status,
        intent=intent,
        digest="" if status == "failed" else content_digest(found),
    )
    write_manifest(lake, monitor, manifest)
    return manifest


def found_at(lake: Lake, start: datetime, monitor: Monitor = failed_logins) -> UPath:
    """Where the findings of a partition are."""
    return lake.partition_path(f"findings/{monitor.name}", monitor.product, start, monitor.every)
