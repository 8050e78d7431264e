"""A small installation: a lake, monitors as files, Dagster in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
from dagster_duckdb import DuckDBResource

from assets.activity import activity_assets
from assets.events import event_assets
from assets.monitors import monitor_assets
from monitors.registry import Registry, contract_of, discover
from orchestration.lake import Lake
from orchestration.resources import Clock, LakeResource
from orchestration.timeline import RANGE_END, RANGE_START

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=2)
MONITOR = '''
"""A monitor for tests."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm


@monitor(
    product="{product}",
    harm=Harm.SCRAPING,
    entity="account_id",
    version=1,
    authors=("test",),
    owner="test-team",
    threshold=3,
    window=timedelta(0),
    cadence="{cadence}",
    severity=Severity.S2,
    action="none",
    runbook="docs/runbooks/test.md",
    canary=(Rows("api_requests", n=3, values={{"account_id": "canary", "operation": "GET"}}),),
)
def {name}(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """Count requests.

    Threshold: for tests.
    Misses: everything else.
    False alarms: none.
    """
    rows = {body}
    return rows
'''
COUNT = (
    'api_requests.group_by("account_id", '
    'window_start=pl.col("occurred_at").dt.truncate("{every}"))'
    ".agg(score=pl.len().cast(pl.Float64))"
    '.with_columns(window_end=pl.col("window_start").dt.offset_by("{every}"))'
)


@dataclass(frozen=True)
class Place:
    """One installation: where monitors and lake are, and how to run Dagster on them."""

    root: Path
    lake: Lake
    instance: dg.DagsterInstance

    def monitor(
        self, name: str, *, product: str = "web", body: str | None = None, cadence: str = "hourly"
    ) -> None:
        """Write one monitor's file."""
        every = "1d" if cadence == "daily" else "1h"
        text = MONITOR.format(
            product=product, name=name, body=body or COUNT.format(every=every), cadence=cadence
        )
        self.file(product, f"{name}.py", text)

    def file(self, product: str, name: str, text: str) -> None:
        """Write any file among the monitors."""
        path = self.root / "monitors" / product / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def registry(self) -> Registry:
        """The monitors written so far."""
        return discover(self.root / "monitors", f"test_{self.root.name}")

    def assets(self) -> list[dg.AssetsDefinition]:
        """Every asset of those monitors."""
        found = self.registry().watching()
        return [*event_assets(found), *activity_assets(found), *monitor_assets(found)]

    def events(self, account: str, n: int, *, at: datetime = NOON, product: str = "web") -> None:
        """Write an hour with `n` requests of one account, beside what the hour holds."""
        contract = contract_of("api_requests")
        path = self.lake.hour_path("events/api_requests", product, at)
        known = pl.read_parquet(str(path)) if path.exists() else contract.empty()
        rows = [
            {
                "event_id": f"{account}-{at:%H%M}-{i}",
                "occurred_at": at + timedelta(seconds=i),
                "received_at": at + timedelta(seconds=i),
                "product": product,
                "account_id": account,
                "operation": "GET",
            }
            for i in range(n)
        ]
        new = pl.DataFrame(rows, schema=contract.schema, orient="row")
        self.lake.replace(path, pl.concat([known, new]))

    def resources(self, now: datetime = NOW) -> dict[str, object]:
        """Resources of a run at a fixed time."""
        return {
            "lake": LakeResource(
                root=self.lake.root,
                home=str(self.root),
                sample_rate=0.5,
                sample_seed="test",
                sources=str(self.root / "sources"),
            ),
            "clock": Clock(at=now.isoformat()),
            "duckdb": DuckDBResource(database=":memory:"),
        }

    def run(
        self,
        *keys: Sequence[str],
        first: str = "2026-11-03-12:00",
        last: str | None = None,
        now: datetime = NOW,
        tags: dict[str, str] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Materialise assets over a range of partitions in one run."""
        wanted = [dg.AssetKey(list(key)) for key in keys]
        chosen = [a for a in self.assets() if set(a.keys) & set(wanted)]
        return dg.materialize(
            chosen,
            selection=dg.AssetSelection.assets(*wanted),
            instance=self.instance,
            resources=self.resources(now),
            tags={RANGE_START: first, RANGE_END: last or first, **(tags or {})},
            raise_on_error=False,
        )
