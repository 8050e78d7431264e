"""What is kept for a limited time: restricted text, rows set aside, samples of scores."""

from datetime import datetime, timedelta

from upath import UPath

from monitors.registry import contracts
from orchestration.ingest.workspace import exclusive
from orchestration.inputs import TEXT
from orchestration.lake import Lake, remove_temporary
from orchestration.partitions import day_of

KEPT_DAYS = 30  # of quarantine, which holds originals, and of samples, once they are labelled
LIMITED = ("quarantine", "samples")


def prune(lake: Lake, *, now: datetime) -> dict[str, int]:
    """Delete whole days that are past their time; files deleted, by table.

    Text goes after its contract's `text_retention_days`; the events it belonged to stay. What
    crashed writers left behind goes too, as `leftovers`.
    """
    removed: dict[str, int] = {}
    leftovers = remove_temporary(lake.root, now=now)
    if leftovers:
        removed["leftovers"] = leftovers
    for name, contract in contracts().items():
        if contract.text:
            before = day_of(now) - timedelta(days=contract.text_retention_days)
            for product in lake.products(f"{TEXT}/{name}"):
                with exclusive(lake, product, name):
                    _prune(lake, f"{TEXT}/{name}", product, before, removed)
    for kind in LIMITED:
        folder = UPath(lake.root) / kind
        for table in sorted(p.name for p in folder.iterdir()) if folder.exists() else ():
            for product in lake.products(f"{kind}/{table}"):
                before = day_of(now) - timedelta(days=KEPT_DAYS)
                _prune(lake, f"{kind}/{table}", product, before, removed)
    return removed


def _prune(lake: Lake, table: str, product: str, before: datetime, removed: dict[str, int]) -> None:
    for day in lake.days(table, product):
        if day >= before:
            return
        folder = lake.day_path(table, product, day).parent
        for path in list(folder.iterdir()):
            path.unlink()
            removed[table] = removed.get(table, 0) + 1
        folder.rmdir()
