"""Reports written to files: Markdown, or tables as CSV and JSON."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
import polars as pl


def write(report: str | Mapping[str, pl.DataFrame], path: Path | None) -> None:
    """Write a report whole, in place of what the file held; without a path, print the text.

    The name's end says what of tables is written: .json all, .csv the first. UsageError for other
    ends, and for a file that cannot be written.
    """
    text = report if isinstance(report, str) else _text(report, path)
    if path is None:
        click.echo(text, nl=False)
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise click.UsageError(
            f"{path} cannot be written ({error.strerror}); name a file in a folder that is there."
        ) from error
    click.echo(f"Written to {path}.", err=True)


def _text(report: Mapping[str, pl.DataFrame], path: Path | None) -> str:
    end = path.suffix if path is not None else ".json"
    if end == ".json":
        return json.dumps({name: rows.to_dicts() for name, rows in report.items()}, indent=1) + "\n"
    if end == ".csv":
        return next(iter(report.values())).write_csv()
    raise click.UsageError(f"The file ends with '{end}'; wanted .csv or .json.")
