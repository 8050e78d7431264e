"""Findings of alerts: the rows of the lake that the ledger's ids stand for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from monitors.columns import schema
from monitors.evaluate import FINDINGS
from orchestration.cases.members import batches
from orchestration.evaluation import FINDINGS_TABLE
from orchestration.lake import Lake
from orchestration.ledger.tables import alert_findings
from orchestration.partitions import DAY

MOST = 200
OF_ALERTS = schema({"alert_id": pl.String, "standing": pl.Boolean, **FINDINGS})


@dataclass(frozen=True, slots=True)
class Found:
    """Findings, the newest window first, each with its alert and whether it still stands.

    `left_out`: older ones over the limit. `gone`: those that the lake has no more, because they
    were pruned, replaced or are of somebody who was forgotten.
    """

    rows: pl.DataFrame
    left_out: int = 0
    gone: int = 0


def findings_of(
    connection: Connection, lake: Lake, alert_ids: Iterable[str], *, most: int = MOST
) -> Found:
    """The newest findings of some alerts, with the real entity of each."""
    known = _known(connection, alert_ids)
    wanted = sorted(known.values(), key=_age, reverse=True)[:most]
    files = {str(path) for row in wanted if (path := _path(lake, row)) is not None}
    if not files:
        return Found(pl.DataFrame(schema=OF_ALERTS), len(known) - len(wanted), len(wanted))
    ids = pl.DataFrame(
        [(row["finding_id"], row["alert_id"], row["kind"] != "retracted") for row in wanted],
        schema={"finding_id": pl.String, "alert_id": pl.String, "standing": pl.Boolean},
        orient="row",
    )
    rows = (
        pl.scan_parquet(sorted(files), hive_partitioning=False)
        .join(ids.lazy(), on="finding_id", how="inner")
        .select(OF_ALERTS.names())
        .unique("finding_id")
        .sort("window_end", "score", "finding_id", descending=[True, True, False], nulls_last=True)
        .collect()
    )
    return Found(rows, len(known) - len(wanted), len(wanted) - rows.height)


def _known(connection: Connection, alert_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The last row of each finding."""
    found: dict[str, dict[str, Any]] = {}
    for some in batches(sorted(set(alert_ids))):
        mine = select(alert_findings).where(alert_findings.c.alert_id.in_(some))
        rows = connection.execute(mine.order_by(alert_findings.c.audit_seq)).mappings()
        found |= {row["finding_id"]: dict(row) for row in rows}
    return found


def _age(row: dict[str, Any]) -> tuple[Any, str]:
    return row["window_end"], row["finding_id"]


def _path(lake: Lake, row: dict[str, Any]) -> object | None:
    """The file that should hold a finding; None where it is not there."""
    product, _, name = row["monitor"].rpartition("/")
    every = "1d" if row["partition_end"] - row["partition"] == DAY else "1h"
    path = lake.partition_path(f"{FINDINGS_TABLE}/{name}", product, row["partition"], every)
    return path if path.exists() else None
