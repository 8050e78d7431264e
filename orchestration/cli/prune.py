"""`watchfloor prune`: delete what may be kept for a limited time only."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click
import polars as pl

from orchestration.cli.output import emit, format_option
from orchestration.deployment import prepare
from orchestration.lake import Lake
from orchestration.ledger.database import connect, file_of
from orchestration.ledger.schema import open_ledger
from orchestration.retention.lake import prune_lake
from orchestration.retention.ledger import prune_ledger
from orchestration.retention.runs import prune_runs
from orchestration.settings import Settings, load

FOUND = pl.Schema({"where": pl.String(), "table": pl.String(), "deleted": pl.Int64()})


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@format_option
def prune(*, dry_run: bool, form: str) -> None:
    """Delete what is past its time: from the lake, the ledger and Dagster's runs."""
    found = list(_pruned(load(), now=datetime.now(UTC), dry_run=dry_run))
    rows = pl.DataFrame(found, schema=FOUND, orient="row")
    emit(rows.rename({"deleted": "would_go"}) if dry_run else rows, form)


def _pruned(settings: Settings, *, now: datetime, dry_run: bool) -> Iterator[tuple[str, str, int]]:
    """Where, table, and files, rows or runs deleted. What was never made has nothing to delete."""
    keep = settings.keep
    files = prune_lake(Lake(settings.lake), keep, now=now, dry_run=dry_run)
    yield from (("lake", table, n) for table, n in files.items())
    if _has_ledger(settings):
        engine = open_ledger(settings.ledger)
        try:
            rows = prune_ledger(engine, keep, now=now, dry_run=dry_run)
        finally:
            engine.dispose()
        yield from (("ledger", table, n) for table, n in rows.items())
    if (settings.dagster_home / "dagster.yaml").exists():
        with prepare(settings) as instance:
            runs = prune_runs(instance, before=now - keep.runs, dry_run=dry_run)
        if runs:
            yield "dagster", "runs", runs


def _has_ledger(settings: Settings) -> bool:
    path = file_of(connect(settings.ledger))
    return path is None or path.exists()
