"""`watchfloor prune`: delete what may be kept for a limited time only."""

from datetime import UTC, datetime

import click
import polars as pl

from orchestration.cli.output import emit, format_option
from orchestration.lake import Lake
from orchestration.retention import prune as prune_lake
from orchestration.settings import load


@click.command()
@format_option
def prune(*, form: str) -> None:
    """Delete restricted text, quarantine and samples that are past their time."""
    removed = prune_lake(Lake(load().lake), now=datetime.now(UTC))
    schema = {"table": pl.String, "files_deleted": pl.Int64}
    emit(pl.DataFrame(sorted(removed.items()), schema=schema, orient="row"), form)
