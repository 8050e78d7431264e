"""Whether a product's events still arrive, whole and in usual numbers."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import polars as pl

from monitors.activity import Activity, Baseline, season_slot
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.inputs import BASELINE, EVENTS
from orchestration.lake import Lake
from orchestration.partitions import HOUR, day_of

Volume = Literal["insufficient data", "usual", "high", "low"]
MIN_WEEKS = 3  # an hour of the week seen less often has no usual volume yet
FAR = 6.0  # scaled median absolute deviations of the same hour in four weeks
CHANCE = 4.0  # standard deviations of pure chance (Poisson), which four weeks may have hidden
SHARE = 0.5  # a change of less than half is no alarm, however steady the series was
FRESH = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One hour of one contract's events.

    `required_nulls`: values missing from columns that must have them. `late`: rows received more
    than an hour after they happened. `expected` is null with insufficient data.
    """

    hour: datetime
    rows: int
    volume: Volume
    expected: float | None
    required_nulls: int
    late: int


def volume_activity(contract: str) -> Activity:
    """Events of a contract an hour, which every product has without declaring it."""
    return Activity(contract, by=())


def volume_baseline(contract: str) -> Baseline:
    """Usual events of a contract for each hour of the week."""
    return Baseline(volume_activity(contract), days=28, season="hour_of_week")


def arrivals(lake: Lake, product: str, contract: str, hours: list[datetime]) -> list[Arrival]:
    """Count each hour's events and compare with the same hour of earlier weeks."""
    declared = contract_of(contract)
    span = Span(hours[0], hours[-1] + HOUR)
    required = [c.name for c in declared.all_columns if c.required]
    rows = lake.scan(f"{EVENTS}/{contract}", [product], span, schema=declared.schema)
    counted = (
        rows.group_by(hour=pl.col("occurred_at").dt.truncate("1h"))
        .agg(
            rows=pl.len(),
            nulls=pl.sum_horizontal(pl.col(required).null_count()),
            late=(pl.col("received_at") - pl.col("occurred_at") > HOUR).sum(),
        )
        .collect(engine="streaming")
    )
    found = {row["hour"]: row for row in counted.iter_rows(named=True)}
    none = {"rows": 0, "nulls": 0, "late": 0}
    return [_arrival(lake, product, contract, h, found.get(h, none)) for h in hours]


def newest(lake: Lake, product: str, contract: str) -> datetime | None:
    """When the newest event happened; None where there is none."""
    table = f"{EVENTS}/{contract}"
    days = lake.days(table, product)
    if not days:
        return None
    span = Span(days[-1], days[-1] + timedelta(days=1))
    rows = lake.scan(table, [product], span, schema=contract_of(contract).schema)
    latest: datetime | None = rows.select(pl.col("occurred_at").max()).collect().item()
    return latest


def _arrival(
    lake: Lake, product: str, contract: str, hour: datetime, counted: dict[str, int]
) -> Arrival:
    usual = _usual(lake, product, contract, hour)
    volume: Volume = "insufficient data"
    expected = None
    if usual is not None:
        expected, mad = usual
        off = counted["rows"] - expected
        far = abs(off) > max(FAR * mad, CHANCE * math.sqrt(expected + 1), SHARE * expected)
        volume = "usual" if not far else ("high" if off > 0 else "low")
    return Arrival(hour, counted["rows"], volume, expected, counted["nulls"], counted["late"])


def _usual(lake: Lake, product: str, contract: str, hour: datetime) -> tuple[float, float] | None:
    baseline = volume_baseline(contract)
    path = lake.day_path(f"{BASELINE}/{baseline.name}", product, day_of(hour))
    if not path.exists():
        return None
    slot = pl.select(season_slot(pl.lit(hour), "hour_of_week")).item()
    rows = (
        pl.scan_parquet(str(path), hive_partitioning=False)
        .filter(pl.col("hour_of_week") == slot, pl.col("periods") >= MIN_WEEKS)
        .select("events_median", "events_mad")
        .collect()
    )
    return rows.row(0) if rows.height else None
