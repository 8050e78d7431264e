"""What the simulated world knows of findings, alerts and those that are acted on."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, select

from monitors.contract import Monitor
from orchestration.cases.members import batches
from orchestration.lake import Lake
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.tables import alert_findings
from orchestration.partitions import LENGTH
from orchestration.pseudonyms import Pseudonyms
from orchestration.scoreboard.judge import judge
from orchestration.world.store import Home

Place = tuple[str, str, datetime]  # monitor, entity, end of the window


@dataclass
class Truth:
    """Which findings are right: `right` by place, `entities` by type as they were found."""

    actors: pl.DataFrame
    right: dict[Place, bool] = field(default_factory=dict)
    entities: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, lake: Lake, monitors: Iterable[Monitor], now: datetime) -> None:
        """Judge what the monitors found in the partitions that ended last."""
        for monitor in monitors:
            found = _found(lake, monitor, now)
            if found.is_empty():
                continue
            judged = judge(found, self.actors).findings
            places = judged.select("monitor", "entity", "window_end").iter_rows()
            self.right |= dict(zip(places, judged["right"], strict=True))
            for kind, entity in found.select("entity_type", "entity").iter_rows():
                self.entities.setdefault(kind, set()).add(entity)

    @cached_property
    def guilty(self) -> set[str]:
        """Every entity of a campaign; ids are unique among types."""
        return set(self.actors.filter("guilty")["entity"])


@dataclass
class Known:
    """The truth in the names of one installation."""

    truth: Truth
    names: Pseudonyms
    real: dict[str, str] = field(default_factory=dict)

    def refresh(self) -> None:
        """Learn the names of what was found since."""
        old = set(self.real.values())
        for kind, entities in self.truth.entities.items():
            known = self.names.known(kind, entities - old)
            self.real |= {name: entity for entity, name in known.items()}

    def alerts(self, connection: Connection, ids: Iterable[str]) -> dict[str, bool]:
        """Whether each alert has a finding that is right."""
        f = alert_findings.c
        found = dict.fromkeys(ids, False)
        for some in batches(sorted(found)):
            rows = select(f.alert_id, f.monitor, f.entity, f.window_end)
            for row in connection.execute(rows.where(f.alert_id.in_(some))):
                place = (row.monitor, self.real.get(row.entity, ""), row.window_end)
                found[row.alert_id] |= self.truth.right.get(place, False)
        return found

    def rows(self, connection: Connection, rows: Iterable[Enforcement]) -> dict[str, bool]:
        """Whether who was acted on is guilty, by the id of the row."""
        every = list(rows)
        alerts = self.alerts(connection, {row.alert_id for row in every if row.alert_id})
        found = self.names.entities_of({row.target for row in every})
        return {row.enforcement_id: self._is_right(row, found, alerts) for row in every}

    def _is_right(
        self,
        row: Enforcement,
        found: Mapping[str, tuple[str, str]],
        alerts: Mapping[str, bool],
    ) -> bool:
        """Who is guilty of something else is innocent of what an alert says of them."""
        target = found[row.target][1] if row.target in found else None
        if row.alert_id and self.real.get(row.target) == target:
            return alerts[row.alert_id]
        return target in self.truth.guilty


def truth_of(home: Path) -> Truth:
    """The truth of the world in a folder."""
    return Truth(pl.read_parquet(Home(home).truth))


def draw(*parts: object) -> float:
    """From 0 to 1, the same for the same parts."""
    text = ":".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / 2**64


def _found(lake: Lake, monitor: Monitor, now: datetime) -> pl.DataFrame:
    end = now.replace(minute=0, second=0, microsecond=0)
    start = end - LENGTH[monitor.every]
    path = lake.partition_path(f"findings/{monitor.name}", monitor.product, start, monitor.every)
    if not Path(str(path)).exists() or start != _floor(start, monitor):
        return pl.DataFrame()
    return pl.read_parquet(str(path), hive_partitioning=False)


def _floor(at: datetime, monitor: Monitor) -> datetime:
    return at.replace(hour=0) if monitor.every == "1d" else at
