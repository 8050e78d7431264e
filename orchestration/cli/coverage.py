"""`watchfloor coverage`: which harm is watched on which product, and by what."""

from datetime import UTC, datetime

import click
import polars as pl

from monitors.registry import registry
from orchestration.cli.output import emit, format_option
from orchestration.health.coverage import coverage as coverage_of
from orchestration.lake import Lake
from orchestration.settings import load


@click.command()
@click.option("--gaps", is_flag=True, help="Only harms of a product that nobody watches.")
@click.option("--product", help="Only this product.")
@format_option
def coverage(*, gaps: bool, product: str | None, form: str) -> None:
    """Show which harm is watched on which product, by which monitor, and whether it lives."""
    rows = coverage_of(registry(), Lake(load().lake), now=datetime.now(UTC))
    if gaps:
        rows = rows.filter(pl.col("state") == "gap")
    if product is not None:
        rows = rows.filter(pl.col("product") == product)
    emit(rows, form)
