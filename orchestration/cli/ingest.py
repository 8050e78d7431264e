"""`watchfloor ingest`: bring a log into the lake."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from orchestration.cli.output import emit, format_option
from orchestration.ingest.errors import IngestError
from orchestration.ingest.files import File, find
from orchestration.ingest.load import take
from orchestration.ingest.report import IngestReport
from orchestration.ingest.source import Source
from orchestration.lake import Lake
from orchestration.settings import Settings, load


@click.command()
@click.argument("product")
@click.argument("contract")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--mapping", type=click.Path(path_type=Path), help="TOML file that maps columns.")
@format_option
def ingest(
    product: str, contract: str, paths: tuple[str, ...], mapping: Path | None, form: str
) -> None:
    """Ingest files, folders, globs or URLs as CONTRACT events of PRODUCT.

    Without a PATH, the mapping's own paths are read. Exit code 1 when nothing could be used, 2
    when the mapping, a path or a setting is wrong.
    """
    settings = load()
    source = _source(product, contract, mapping)
    files = find(paths or source.paths)
    if not files:
        raise IngestError("No PATH was given and the mapping names none; give one.")
    report = _take(source, files, settings)
    emit(report.row(), form)
    _remarks(report)
    sys.exit(1 if report.nothing_usable else 0)


def _source(product: str, contract: str, mapping: Path | None) -> Source:
    if mapping is None:
        return Source(product, contract)
    source = Source.read(mapping, product=product, contract=contract)
    if (source.product, source.contract) != (product, contract):
        raise IngestError(
            f"Mapping '{mapping}' is for {source.product} {source.contract}, the command for "
            f"{product} {contract}; make them equal."
        )
    return source


def _take(source: Source, files: list[File], settings: Settings) -> IngestReport:
    """Ingest with a progress bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with shown as bar:
        task = bar.add_task("Reading", total=sum(file.size for file in files))

        def advance(_: str, size: int) -> None:
            bar.advance(task, size)

        return take(
            Lake(settings.lake),
            source,
            files,
            now=datetime.now(UTC),
            hot=settings.hot,
            progress=advance,
        )


def _remarks(report: IngestReport) -> None:
    """What needs a person's eye, on standard error; never a value of a row."""
    for text in report.failed.values():
        click.echo(f"Not read: {text}", err=True)
    for reason, n in report.quarantined.items():
        click.echo(f"Quarantined: {n} x {reason}", err=True)
    if report.unseen:
        click.echo(f"No row had a value of: {', '.join(report.unseen)}", err=True)
