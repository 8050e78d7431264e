"""What `watchfloor demo` does: take in the sample logs, evaluate them through Dagster, sum up."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl

from monitors.evaluate import Span
from monitors.registry import Registry, Table, contracts
from orchestration.health.volume import newest
from orchestration.ingest.errors import IngestError
from orchestration.ingest.poll import poll
from orchestration.ingest.source import Source
from orchestration.inputs import EVENTS, PLATFORM, Inputs
from orchestration.jobs import DAILY_TICK, HOURLY_TICK
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR, day_of, hour_of, key_of
from orchestration.pseudonyms import Pseudonyms
from orchestration.timeline import RANGE_END, RANGE_START
from orchestration.world.store import PRODUCTS, Home, Progress, Store, write
from orchestration.world.world import World

PROCESS_TAG = "watchfloor/process"
HOURS, DAYS = 24, 2  # each partition of each asset costs 30 ms, most of them in SQLite
WEEK = 7
FORTNIGHT, ACCOUNTS, SEED = timedelta(days=14), 1500, 1
# The progress bar is enough; the UI has every line of a run's log.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class Leg:
    """One run of the demo: a job over some partitions of one product."""

    product: str
    job: str
    span: Span

    @property
    def tags(self) -> dict[str, str]:
        """Tags that make Dagster evaluate all partitions in one run."""
        every = "1h" if self.job == HOURLY_TICK else "1d"
        last = self.span.end - (HOUR if every == "1h" else DAY)
        return {
            RANGE_START: key_of(self.span.start, every),
            RANGE_END: key_of(last, every),
            PROCESS_TAG: str(os.getpid()),
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """What was found on one product. `top`: pseudonym, highest score, findings.

    `events` and `quarantined` are null for `platform`, which has none of its own: it reads those of
    every product.
    """

    product: str
    events: int | None
    quarantined: int | None
    monitors: int
    failed: int
    findings: int
    top: tuple[tuple[str, float, int], ...]
    seconds: float


def take_in(lake: Lake, sources: Path, *, now: datetime, hot: timedelta) -> Iterator[str]:
    """Poll every source of a folder; the name of each as it is done.

    Raises IngestError when a sample cannot be read: the demo would show half a picture.
    """
    for path in sorted(sources.glob("*.toml")):
        source = Source.read(path)
        report = poll(lake, source, now=now, hot=hot)
        if report.failed:
            raise IngestError(" ".join(report.failed.values()))
        yield f"{source.product}/{source.contract}"


def simulate(folder: Path, *, now: datetime, done: Callable[[datetime], None]) -> None:
    """Simulate two weeks of a small company, for the products without a public log.

    A world that is there already is continued up to today; `make dev` goes on with it. `done` is
    called with each day that was missing.
    """
    home = Home(folder)
    before = Progress.read(home)
    today = day_of(now)
    if before is None:
        world = World(SEED, ACCOUNTS, today - FORTNIGHT, FORTNIGHT // DAY)
        products = tuple(sorted(set(PRODUCTS) - home.taken()))
    else:
        world = replace(before.world, days=(today - before.world.start) // DAY)
        products = before.products
    write(Store.begin(home, world, products), count=lambda _table, _rows: None, done=done)


def legs(lake: Lake, registry: Registry, *, week: bool) -> list[Leg]:
    """The last days and hours in which each product has events, days before hours.

    `platform` has those of every product, and comes last, when their days have been summed up.
    """
    found = []
    for product in sorted(registry.products, key=lambda name: name == PLATFORM):
        latest = _newest(lake, registry, product)
        if latest is None:
            continue
        day, hour = day_of(latest) + DAY, hour_of(latest) + HOUR
        hours, days = (WEEK * HOURS, WEEK) if week else (HOURS, DAYS)
        found.append(Leg(product, DAILY_TICK, Span(day - days * DAY, day)))
        found.append(Leg(product, HOURLY_TICK, Span(hour - hours * HOUR, hour)))
    return found


def run_leg(defs: dg.Definitions, leg: Leg, instance: dg.DagsterInstance) -> tuple[bool, float]:
    """Run one leg through Dagster; whether it succeeded, and its seconds."""
    began = time.perf_counter()
    job = defs.resolve_job_def(leg.job)
    keys = [k for k in job.asset_layer.selected_asset_keys if k.path[0] == leg.product]
    if not keys:
        return True, 0.0
    done = job.execute_in_process(
        run_config=QUIET,
        instance=instance,
        tags=leg.tags,
        asset_selection=keys,
        raise_on_error=False,
    )
    return done.success, time.perf_counter() - began


def run_whole(defs: dg.Definitions, name: str, instance: dg.DagsterInstance) -> bool:
    """Run a job without partitions through Dagster; whether it succeeded."""
    job = defs.resolve_job_def(name)
    tags = {PROCESS_TAG: str(os.getpid())}
    done = job.execute_in_process(
        run_config=QUIET, instance=instance, tags=tags, raise_on_error=False
    )
    return done.success


def summaries(
    lake: Lake,
    pseudonyms: Pseudonyms,
    legs: Sequence[Leg],
    seconds: dict[str, float],
    *,
    most: int = 3,
) -> Iterator[Summary]:
    """Sum up each product from the lake: what its manifests, findings and quarantine hold."""
    for product in sorted({leg.product for leg in legs}):
        mine = [leg.span for leg in legs if leg.product == product]
        span = Span(min(s.start for s in mine), max(s.end for s in mine))
        past = _rows(lake, "evaluations", product)
        seen = past.filter(pl.col("partition") >= span.start, pl.col("partition_end") <= span.end)
        failed = seen.filter(pl.col("status") == "failed")["monitor"].n_unique()
        yield Summary(
            product=product,
            events=None if product == PLATFORM else _count(lake, EVENTS, product),
            quarantined=None if product == PLATFORM else _count(lake, "quarantine", product),
            monitors=seen["monitor"].n_unique(),
            failed=failed,
            findings=int(seen["flagged"].sum()),
            top=_top(lake, pseudonyms, product, span, most),
            seconds=seconds.get(product, 0.0),
        )


def _newest(lake: Lake, registry: Registry, product: str) -> datetime | None:
    """When a product's newest event happened; for `platform`, the newest that its monitors read."""
    wanted = set(contracts())
    if product == PLATFORM:
        mine = [m for m in registry.monitors.values() if m.product == PLATFORM]
        wanted &= {Table.parse(name).contract for m in mine for name in m.reads}
    sources = Inputs(lake, product)
    times = [newest(lake, p, c) for c in wanted for p in sources.products(c)]
    return max((t for t in times if t is not None), default=None)


def _files(lake: Lake, table: str, product: str) -> list[str]:
    folder = Path(lake.root) / table
    return [str(p) for p in folder.rglob("[!.]*.parquet") if f"product={product}" in p.parts]


def _count(lake: Lake, table: str, product: str) -> int:
    files = _files(lake, table, product)
    return int(sum(pl.scan_parquet(f).select(pl.len()).collect().item() for f in files))


def _rows(lake: Lake, table: str, product: str) -> pl.DataFrame:
    return pl.read_parquet(_files(lake, table, product), hive_partitioning=False)


def _top(
    lake: Lake, pseudonyms: Pseudonyms, product: str, span: Span, most: int
) -> tuple[tuple[str, float, int], ...]:
    rows = (
        _rows(lake, "findings", product)
        .filter(pl.col("window_end") > span.start, pl.col("window_end") <= span.end)
        .group_by("entity_type", "entity", "monitor")
        .agg(score=pl.col("score").max(), findings=pl.len())
        .sort("findings", "score", "entity", "monitor", descending=[True, True, False, False])
        .head(most)
    )
    return tuple(
        (f"{pseudonyms.name(kind, entity)} ({monitor})", float(score), int(n))
        for kind, entity, monitor, score, n in rows.iter_rows()
    )
