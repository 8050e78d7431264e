"""Coverage: which harm is watched on which product, by which monitor, and whether it lives."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl

from monitors.contract import Mode, Monitor
from monitors.harms import Harm
from monitors.registry import Registry
from orchestration.health.history import history
from orchestration.lake import Lake

COVERAGE = ["product", "harm", "monitor", "mode", "severity", "state", "last_evaluated"]
KNOWN_DAYS = 28  # a monitor not evaluated for longer counts as never run
RECENT = {"1h": timedelta(hours=3), "1d": timedelta(hours=50)}


def coverage(registry: Registry, lake: Lake, *, now: datetime) -> pl.DataFrame:
    """One row per product, harm and monitor; one with a null monitor where nobody watches.

    `state`: healthy, late (not evaluated lately), failing (last evaluation failed), blind (its
    canary was missed), never run, draft (backtests only), broken (its file does not load), or gap.
    """
    rows: list[dict[str, object]] = []
    for product in registry.products:
        monitors = [m for m in registry.monitors.values() if m.product == product]
        past = history(lake, product, until=now, days=KNOWN_DAYS)
        rows += [_row(m, past, now) for m in monitors]
        rows += [
            {"product": product, "monitor": b.name, "state": "broken"}
            for b in registry.broken.values()
            if b.product == product
        ]
        rows += [{"product": product, "harm": h, "state": "gap"} for h in _gaps(monitors)]
    schema = dict.fromkeys(COVERAGE, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").sort(
        "product", "harm", "monitor", nulls_last=True
    )


def _gaps(monitors: Iterable[Monitor]) -> list[str]:
    watched = {str(m.harm) for m in monitors if m.mode is not Mode.DRAFT}
    return [str(h) for h in Harm if str(h) not in watched and h is not Harm.MONITORING_GAP]


def _row(monitor: Monitor, past: pl.DataFrame, now: datetime) -> dict[str, object]:
    mine = past.filter(pl.col("monitor") == monitor.name).sort("partition")
    last = mine.row(-1, named=True) if mine.height else None
    return {
        "product": monitor.product,
        "harm": str(monitor.harm),
        "monitor": monitor.name,
        "mode": str(monitor.mode),
        "severity": monitor.severity.name,
        "state": _state(monitor, last, now),
        "last_evaluated": last and last["partition_end"].isoformat(),
    }


def _state(monitor: Monitor, last: dict[str, object] | None, now: datetime) -> str:
    if monitor.mode is Mode.DRAFT:
        return "draft"
    if last is None:
        return "never run"
    if last["status"] == "failed":
        return "failing"
    if last["canary"] is False:
        return "blind"
    end = last["partition_end"]
    late = isinstance(end, datetime) and now - end > RECENT[monitor.every]
    return "late" if late else "healthy"
