"""`watchfloor findings`: what monitors found."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

import click
import polars as pl

from monitors.evaluate import FINDINGS
from monitors.registry import registry
from orchestration.cli.errors import NoDataError
from orchestration.cli.output import emit, entities_option, format_option
from orchestration.cli.times import Since
from orchestration.lake import Lake
from orchestration.partitions import DAY
from orchestration.pseudonyms import Pseudonyms
from orchestration.settings import load

TABLE = "findings"
PSEUDONYM = re.compile(r".+_[0-9a-f]{12}")
WHO = ["entity_type", "entity"]
SHOWN = [
    *("window_end", "product", "monitor", "version", "severity", "entity_type", "entity"),
    *("score", "threshold", "window_start", "finding_id"),
]
# These may hold ids of people, as the entity's own column does.
PRIVATE = ["subkey", "evidence"]


@click.command()
@click.option("--product", help="Only this product.")
@click.option("--monitor", "monitor_id", metavar="ID", help="Only this monitor: product/name.")
@click.option("--since", type=Since(), help="Only from then on: 24h, 7d or 2026-03-01.")
@click.option("--entity", help="Only this entity: its id, or its pseudonym.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Rows at most."
)
@click.option("--top", is_flag=True, help="One row per entity, the one with most findings first.")
@entities_option
@format_option
def findings(
    *,
    product: str | None,
    monitor_id: str | None,
    since: datetime | None,
    entity: str | None,
    limit: int,
    top: bool,
    entities: bool,
    form: str,
) -> None:
    """List what monitors found, newest first. Entities go by pseudonym."""
    settings = load()
    lake, pseudonyms = Lake(settings.lake), Pseudonyms(settings.home)
    rows = stored(lake, product=product, monitor_id=monitor_id, since=since)
    if entity is not None:
        rows = _of(rows, entity, pseudonyms)
    if top:
        chosen = by_entity(rows).head(limit)
    else:
        newest = rows.sort("window_end", "score", "finding_id", descending=[True, True, False])
        chosen = newest.head(limit).select(*SHOWN, *(PRIVATE if entities else []))
    emit(chosen if entities else hidden(chosen, pseudonyms), form)


def stored(
    lake: Lake, *, product: str | None, monitor_id: str | None, since: datetime | None
) -> pl.DataFrame:
    """Findings in the lake, whose windows end at `since` or later.

    Raises NoDataError where nothing was evaluated yet, MonitorError for an unknown monitor.
    """
    files = list(_files(lake, product, monitor_id, since))
    if not files:
        if monitor_id is not None:
            registry().get(monitor_id)
        if not lake.products(TABLE):
            raise NoDataError(
                "Nothing was evaluated yet; start `watchfloor dev`, or see `watchfloor demo`."
            )
        return pl.DataFrame(schema=FINDINGS)
    rows = pl.scan_parquet(files, hive_partitioning=False)
    if since is not None:
        rows = rows.filter(pl.col("window_end") >= since)
    return rows.collect(engine="streaming")


def by_entity(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per entity: how many findings of how many monitors, and the worst of them.

    `times_threshold` is the highest score as a multiple of its threshold; null for a threshold
    of 0.
    """
    times = pl.when(pl.col("threshold") != 0).then(pl.col("score") / pl.col("threshold"))
    return (
        rows.group_by(WHO)
        .agg(
            findings=pl.len().cast(pl.Int64),
            monitors=pl.col("monitor").unique().sort().str.join(", "),
            severity=pl.col("severity").min(),
            times_threshold=times.max(),
            first=pl.col("window_start").min(),
            last=pl.col("window_end").max(),
        )
        .sort("findings", "times_threshold", *WHO, descending=[True, True, False, False])
    )


def hidden(rows: pl.DataFrame, pseudonyms: Pseudonyms) -> pl.DataFrame:
    """The rows with pseudonyms in place of entities."""
    return _renamed(rows, pseudonyms.names)


def _renamed(
    rows: pl.DataFrame, named: Callable[[str, Iterable[str]], Mapping[str, str]]
) -> pl.DataFrame:
    """The rows with the names of entities in their place, null for one without a name."""
    by_type: defaultdict[str, list[str]] = defaultdict(list)
    for kind, entity in rows.select(WHO).unique().iter_rows():
        by_type[kind].append(entity)
    names = {kind: named(kind, of_type) for kind, of_type in by_type.items()}
    shown = [names[kind].get(entity) for kind, entity in rows.select(WHO).iter_rows()]
    return rows.with_columns(pl.Series("entity", shown, dtype=pl.String))


def _of(rows: pl.DataFrame, entity: str, pseudonyms: Pseudonyms) -> pl.DataFrame:
    """Findings of an entity, given as itself or by pseudonym."""
    is_it = pl.col("entity") == entity
    who = rows.select(WHO).unique()
    if PSEUDONYM.fullmatch(entity) is not None:
        is_it |= _renamed(who, pseudonyms.known)["entity"].eq_missing(entity)
    return rows.join(who.filter(is_it), on=WHO, how="semi")


def _files(
    lake: Lake, product: str | None, monitor_id: str | None, since: datetime | None
) -> Iterator[str]:
    """Files that may hold the findings. A window ends at most a day after its partition begins."""
    of_product, _, name = (monitor_id or "").rpartition("/")
    for monitor in [name] if name else lake.products(TABLE):
        table = f"{TABLE}/{monitor}"
        products = [p for p in lake.products(table) if product in {None, p}]
        for found in [p for p in products if of_product in {"", p}]:
            for day in lake.days(table, found):
                if since is None or day >= since - DAY:
                    folder = lake.day_path(table, found, day).parent
                    yield from (str(p) for p in sorted(folder.iterdir()) if p.name[0] != ".")
