"""What the lake keeps for a limited time: whole days of every table that holds somebody's data."""

from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from upath import UPath

from monitors.registry import contracts
from orchestration.changes import CHANGES
from orchestration.health.history import TABLE as EVALUATIONS
from orchestration.ingest.workspace import exclusive
from orchestration.inputs import ACTIVITY, BASELINE, DAILY, EVENTS, TEXT
from orchestration.lake import Lake, remove_temporary
from orchestration.manifests import MANIFESTS
from orchestration.partitions import day_of
from orchestration.settings import Keep

FINDINGS, SAMPLES, QUARANTINE = "findings", "samples", "quarantine"
LEFTOVERS = "leftovers"


@dataclass(frozen=True, slots=True)
class Limit:
    """A table whose days before `before` go. `contract` is set where ingestion writes it too."""

    table: str
    before: datetime
    contract: str | None = None


def prune_lake(lake: Lake, keep: Keep, *, now: datetime, dry_run: bool = False) -> dict[str, int]:
    """Delete whole days that are past their time; files deleted, by table.

    Text goes after its contract's `text_retention_days` if that is sooner, its events stay. What
    crashed writers left behind goes too, as `leftovers`. With `dry_run` it is only counted.
    """
    removed: Counter[str] = Counter()
    removed[LEFTOVERS] = 0 if dry_run else remove_temporary(lake.root, now=now)
    for limit in _limits(lake, keep, now):
        for product in lake.products(limit.table):
            own = limit.contract is not None and not dry_run
            with exclusive(lake, product, str(limit.contract)) if own else nullcontext():
                removed[limit.table] += _prune(lake, limit, product, dry_run=dry_run)
    return {table: n for table, n in sorted(removed.items()) if n}


def _limits(lake: Lake, keep: Keep, now: datetime) -> Iterator[Limit]:
    today = day_of(now)
    known = contracts()
    for kind in (TEXT, EVENTS):
        for name in _inside(lake, kind):
            days = keep.events
            if kind == TEXT:
                own = known[name].text_retention_days if name in known else keep.text.days
                days = min(keep.text, timedelta(days=own))
            yield Limit(f"{kind}/{name}", today - days, name)
    for kind, days in (
        (ACTIVITY, keep.events),
        (DAILY, keep.events),
        (BASELINE, keep.events),
        (CHANGES, keep.events),
        (SAMPLES, keep.samples),
        (FINDINGS, keep.findings),
        (MANIFESTS, keep.findings),
    ):
        for name in _inside(lake, kind):
            yield Limit(f"{kind}/{name}", today - days)
    for name in _inside(lake, QUARANTINE):
        yield Limit(f"{QUARANTINE}/{name}", today - keep.samples, name)
    yield Limit(EVALUATIONS, today - keep.findings)


def _inside(lake: Lake, kind: str) -> list[str]:
    folder = UPath(lake.root) / kind
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def _prune(lake: Lake, limit: Limit, product: str, *, dry_run: bool) -> int:
    removed = 0
    for day in lake.days(limit.table, product):
        if day >= limit.before:
            break
        folder = lake.day_path(limit.table, product, day).parent
        for path in list(folder.iterdir()):
            removed += 1
            if not dry_run:
                path.unlink()
        if not dry_run:
            folder.rmdir()
    return removed
