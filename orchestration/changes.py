"""Which hours of events changed when, and which evaluations that puts out of date.

Every writer of events marks the hours it touches. A mark is a small file; its time of change, set
by the file system, is when the change was complete, so it compares with an evaluation's `as_of`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from upath import UPath

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Table
from orchestration.inputs import ACTIVITY, DAILY, Inputs
from orchestration.lake import Lake
from orchestration.manifests import read_manifest
from orchestration.partitions import LENGTH, day_of, hour_of, starts

CHANGES = "changes"
HORIZON = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Reopened:
    """Consecutive partitions that some monitors of one product must evaluate again."""

    product: str
    every: str
    span: Span
    monitors: tuple[Monitor, ...]


def mark(
    lake: Lake,
    contract: str,
    product: str,
    hours: Iterable[datetime],
    *,
    since: datetime | None = None,
) -> None:
    """Note that hours changed, and drop the aggregates made from them: they are remade.

    Hours before `since`, too old to re-open anything, get no mark.

    Call it before writing, so that a crash leaves no aggregate of rows that have changed, and
    after, so that whoever read in between is known to be out of date.
    """
    made = {*_tables(lake, ACTIVITY), *_tables(lake, DAILY)}
    activities = sorted(name for name in made if name.startswith(f"{contract}_by_"))
    for hour in hours:
        for name in activities:
            lake.hour_path(f"{ACTIVITY}/{name}", product, hour).unlink(missing_ok=True)
            lake.day_path(f"{ACTIVITY}/{name}", product, day_of(hour)).unlink(missing_ok=True)
            lake.day_path(f"{DAILY}/{name}", product, day_of(hour)).unlink(missing_ok=True)
        if since is not None and hour < since:
            continue
        lake.replace_json(_path(lake, contract, product, hour), {"hour": hour.isoformat()})


def changed_at(lake: Lake, contract: str, product: str, hour: datetime) -> datetime | None:
    """When an hour last changed; None when nothing was ever written to it."""
    path = _path(lake, contract, product, hour)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None


def reopened(lake: Lake, monitors: Iterable[Monitor], *, now: datetime) -> list[Reopened]:
    """Ended partitions whose raw window changed after they were evaluated, in the last 48 hours."""
    spans: dict[tuple[str, str, Span], list[Monitor]] = {}
    for monitor in monitors:
        stale = [s for s in _evaluated(lake, monitor, now) if _outdated(lake, monitor, s)]
        for span in _runs(stale, monitor.every):
            spans.setdefault((monitor.product, monitor.every, span), []).append(monitor)
    return [Reopened(*where, tuple(who)) for where, who in spans.items()]


def raw_window(monitor: Monitor, start: datetime) -> Span:
    """Raw events of a partition: its window before it too, unless it reads aggregates."""
    kinds = {Table.parse(name).kind for name in monitor.reads}
    reach = monitor.window if kinds & {"events", "text"} else timedelta(0)
    return Span(start - reach, start + LENGTH[monitor.every])


def _evaluated(lake: Lake, monitor: Monitor, now: datetime) -> Iterator[datetime]:
    first = now - HORIZON if monitor.every == "1h" else day_of(now - HORIZON)
    for start in starts(Span(hour_of(first), now), monitor.every):
        ended = start + LENGTH[monitor.every] <= now
        if ended and read_manifest(lake, monitor, start) is not None:
            yield start


def _outdated(lake: Lake, monitor: Monitor, start: datetime) -> bool:
    manifest = read_manifest(lake, monitor, start)
    if manifest is None:
        return False
    as_of = datetime.fromisoformat(manifest.as_of)
    inputs = Inputs(lake, monitor.product)
    for contract in {Table.parse(name).contract for name in monitor.reads} - {""}:
        for product in inputs.products(contract):
            for hour in starts(raw_window(monitor, start), "1h"):
                changed = changed_at(lake, contract, product, hour)
                if changed is not None and changed > as_of:
                    return True
    return False


def _runs(found: list[datetime], every: str) -> Iterator[Span]:
    """Spans of consecutive partitions."""
    length = LENGTH[every]
    for i, start in enumerate(found):
        if i and found[i - 1] + length == start:
            continue
        end = start + length
        while end in found:
            end += length
        yield Span(start, end)


def _path(lake: Lake, contract: str, product: str, hour: datetime) -> UPath:
    return lake.path(f"{CHANGES}/{contract}", product, hour, f"hour={hour:%H}.json")


def _tables(lake: Lake, kind: str) -> list[str]:
    folder = UPath(lake.root) / kind
    return [p.name for p in folder.iterdir()] if folder.exists() else []
