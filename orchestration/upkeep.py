"""Upkeep of the lake: hourly activity, daily roll-ups and baselines, compaction."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl
from upath import UPath

from monitors.activity import Activity, Baseline, hourly, merged
from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.changes import changed_at
from orchestration.ingest.workspace import exclusive
from orchestration.inputs import ACTIVITY, BASELINE, DAILY, EVENTS, TEXT, Inputs, roll_up
from orchestration.lake import Lake
from orchestration.partitions import DAY, by_day, day_of, starts


def activities_of(monitors: Iterable[Monitor]) -> dict[str, Activity]:
    """Every activity that monitors declare, directly or below a baseline, by table name."""
    declared = [a for m in monitors for a in (*m.activity, *(b.activity for b in m.baseline))]
    return merged(declared)


def baselines_of(monitors: Iterable[Monitor]) -> dict[str, Baseline]:
    """Every baseline that monitors declare, by table name, over the merged activities."""
    chosen = list(monitors)
    activities = activities_of(chosen)
    return {
        b.name: Baseline(activities[b.activity.name], b.days, b.season, b.zone)
        for m in chosen
        for b in m.baseline
    }


def build_activity(lake: Lake, activity: Activity, product: str, span: Span) -> dict[datetime, int]:
    """Aggregate each hour of a span and store it; rows by hour. An hour without events is empty.

    A whole day goes into one file, so that a long look-back opens one in place of twenty-four. An
    hour whose events change meanwhile keeps no file: its activity is made from events.
    """
    contract = activity.contract
    table, schema = f"{ACTIVITY}/{activity.name}", contract_of(contract).schema
    written: dict[datetime, int] = {}
    for part in by_day(span):
        hours = list(starts(part, "1h"))
        before = {hour: changed_at(lake, contract, product, hour) for hour in hours}
        events = lake.scan(f"{EVENTS}/{contract}", [product], part, schema=schema)
        rows = hourly(activity, events).collect(engine="streaming").sort("hour", *activity.keys)
        own = {lake.hour_path(table, product, hour): [hour] for hour in hours}
        whole = part.start == day_of(part.start) and part.end == part.start + DAY
        files = {lake.day_path(table, product, part.start): hours} if whole else own
        for path, held in files.items():
            lake.replace(path, rows.filter(pl.col("hour").is_in(held)))
            if any(changed_at(lake, contract, product, hour) != before[hour] for hour in held):
                path.unlink()
            elif whole:
                for hour_path in own:
                    hour_path.unlink(missing_ok=True)
        written |= dict.fromkeys(hours, 0) | dict(rows["hour"].value_counts().iter_rows())
    return written


def build_daily(lake: Lake, activity: Activity, product: str, day: datetime) -> int:
    """Store one day's roll-up, sorted by key; returns its rows."""
    rows = roll_up(lake, activity, product, day).collect(engine="streaming").sort(activity.keys)
    lake.replace(lake.day_path(f"{DAILY}/{activity.name}", product, day), rows)
    return rows.height


def build_baseline(lake: Lake, declared: Baseline, product: str, day: datetime) -> int:
    """Store what was usual before a day began; returns its rows. Never made twice for one day.

    A baseline already stored stays, whatever arrives later, so that a replay sees what the
    evaluation saw.
    """
    path = lake.day_path(f"{BASELINE}/{declared.name}", product, day)
    if path.exists():
        return int(pl.scan_parquet(str(path)).select(pl.len()).collect().item())
    rows = Inputs(lake, product).fresh_baseline(declared, day).collect(engine="streaming")
    lake.replace(path, rows.sort(rows.columns[: len(declared.activity.keys) + 1]))
    return rows.height


def compact(lake: Lake, contract: str, product: str, day: datetime) -> int:
    """Rewrite one day's hours as one file sorted by account and time; returns the hours taken.

    The day's file is in place before the hours go, and an hour's own file outranks it, so a
    crash between the two loses nothing and doubles nothing. An hour that is rewritten meanwhile
    keeps its file.
    """
    with exclusive(lake, product, contract):
        return _compact(lake, contract, product, day)


def _compact(lake: Lake, contract: str, product: str, day: datetime) -> int:
    declared = contract_of(contract)
    taken = 0
    for kind, schema in ((EVENTS, declared.schema), (TEXT, declared.text_schema)):
        table = f"{kind}/{contract}"
        span = Span(day, day + DAY)
        hours = [p for p in lake.pieces(table, [product], span) if p.path.name != "day.parquet"]
        if not hours:
            continue
        read = {piece.path: _version(piece.path) for piece in hours}
        by = [declared.account if declared.account in schema else "event_id", "occurred_at"]
        rows = lake.scan(table, [product], span, schema=schema).sort(*by, "event_id")
        lake.replace(lake.day_path(table, product, day), rows)
        unchanged = [path for path, version in read.items() if _version(path) == version]
        for path in unchanged:
            path.unlink()
        taken += len(unchanged)
    return taken


def _version(path: UPath) -> tuple[float, ...]:
    """What tells a file from another that took its place."""
    stat = path.stat()
    return stat.st_mtime, stat.st_ino, stat.st_size
