"""What is known of each monitor's version, as an asset, and whether auto rests on fresh labels."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from sqlalchemy import Connection

from assets.results import WARN, Event
from monitors.contract import Mode, Monitor
from orchestration.intake.modes import for_auto, standings
from orchestration.jobs import QUALITY, SAMPLING
from orchestration.ledger.approvals import last_approvals
from orchestration.ledger.database import reading
from orchestration.measurement.monitor_quality import monitor_report
from orchestration.measurement.standing import Standing
from orchestration.resources import Clock
from orchestration.working import Working

CHECK = "measured"
MOST = 200  # rows in metadata
NONE = "-"  # a null has no place in a table of metadata


@dg.asset(
    key=QUALITY,
    deps=[SAMPLING],
    group_name="operations",
    kinds={"polars", "sqlalchemy"},
    description="Of each monitor's version: how many drawn alerts were judged, the lower bound of "
    "its precision, its recall, and how many labels auto still takes.",
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=QUALITY,
            description="Every version that is approved for auto is measured by labels that are "
            "no older than 30 days.",
        )
    ],
)
def quality_asset(working: dg.ResourceParam[Working], clock: Clock) -> Iterator[Event]:
    """Measure all monitors that are no drafts; nothing is written to the ledger."""
    now = clock.now()
    every = [
        one for one in working.alerting.registry.monitors.values() if one.mode is not Mode.DRAFT
    ]
    with reading(working.engine) as connection:
        stands = standings(connection, every, now=now)
        rows = [_row(connection, one, stands[one.id], clock) for one in every]
        auto = for_auto(every, last_approvals(connection))
    unmeasured = [one.id for one in auto if stands[one.id].quality.state != "measured"]
    records = [dg.TableRecord(row) for row in sorted(rows, key=lambda row: str(row["monitor"]))]
    table = dg.MetadataValue.table(records[:MOST]) if records else "none"
    yield dg.MaterializeResult(metadata={"monitors": table, "of": len(records)})
    yield dg.AssetCheckResult(
        check_name=CHECK,
        passed=not unmeasured,
        severity=WARN,
        metadata={"in_auto": len(auto), "not_measured": ", ".join(sorted(unmeasured)) or "none"},
    )


def _row(
    connection: Connection, monitor: Monitor, stands: Standing, clock: Clock
) -> dict[str, str | int | float | bool | None]:
    found = monitor_report(connection, monitor.id, monitor.version, now=clock.now())
    recall = found.figures.row(by_predicate=pl.col("figure") == "recall", named=True)
    gate, needed = found.gate, stands.labels_needed
    return {
        "monitor": monitor.id,
        "version": monitor.version,
        "n": gate.n,
        "k": gate.k,
        "lower": NONE if gate.lower is None else round(gate.lower, 3),
        "recall": "insufficient" if recall["value"] is None else round(recall["value"], 3),
        "state": gate.state,
        "may_be": stands.may.value,
        "labels_needed": NONE if needed is None else needed,
    }
