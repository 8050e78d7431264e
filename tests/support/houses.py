"""Casework over a lake: findings lie where the ledger's alerts say, by real id and pseudonym."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine, select

from monitors.contract import Severity
from monitors.evaluate import FINDINGS
from orchestration.lake import Lake
from orchestration.ledger.database import reading
from orchestration.ledger.tables import metadata
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.alerts.builders import SPAM, at, finding
from tests.support.cases import Office
from tests.support.lakes import put

ACCOUNT = "account_id"


@dataclass
class House:
    """An office with a lake and pseudonyms."""

    office: Office
    lake: Lake
    names: Pseudonyms

    @property
    def engine(self) -> Engine:
        return self.office.engine

    def name(self, entity: str, kind: str = ACCOUNT) -> str:
        """Pseudonym of an entity."""
        return self.names.name(kind, entity)

    def found(
        self,
        hour: int,
        *entities: str,
        monitor: str = SPAM,
        evidence: Mapping[str, object] | None = None,
        score: float = 6.0,
        **changed: Any,  # noqa: ANN401 - any part of the evaluation
    ) -> None:
        """The hour's evaluation finds accounts, by real id: in the lake, then in the ledger."""
        pseudonyms = [self.name(entity) for entity in entities]
        product, _, name = monitor.partition("/")
        rows = [
            {
                "finding_id": finding(hour, pseudonym, monitor=monitor).finding_id,
                "monitor": name,
                "version": 1,
                "product": product,
                "harm": changed.get("harm", "spam"),
                "severity": int(Severity.S2),
                "entity_type": ACCOUNT,
                "entity": entity,
                "subkey": None,
                "window_start": at(hour),
                "window_end": at(hour + 1),
                "score": score,
                "threshold": 3.0,
                "evidence": json.dumps(evidence or {"recipients": 40}),
            }
            for entity, pseudonym in zip(entities, pseudonyms, strict=True)
        ]
        path = self.lake.hour_path(f"findings/{name}", product, at(hour))
        self.lake.replace(path, pl.DataFrame(rows, schema=FINDINGS))
        self.office.found(hour, *pseudonyms, monitor=monitor, **changed)

    def put(self, contract: str, *rows: Mapping[str, object], product: str = "chat") -> None:
        """Add events to the lake."""
        put(self.lake, product, contract, rows)

    def everything(self) -> str:
        """All that the ledger holds, as one text."""
        with reading(self.engine) as connection:
            rows = [
                str(dict(row))
                for table in metadata.tables.values()
                for row in connection.execute(select(table)).mappings()
            ]
        return "\n".join(rows)


def house(ledger: Engine, folder: Path) -> House:
    """A house in which nothing has happened yet."""
    return House(Office(ledger), Lake(str(folder / "lake")), Pseudonyms(folder / "home"))


def logged(records: list[logging.LogRecord]) -> str:
    """All that was logged, as one text."""
    return "\n".join(f"{record.getMessage()} {record.args}" for record in records)


def message(sender: str, when: datetime, text: str, **more: object) -> dict[str, object]:
    """A message from somebody, with its text."""
    return {
        "account_id": sender,
        "recipient_id": "rita",
        "occurred_at": when,
        "text": text,
        **more,
    }
