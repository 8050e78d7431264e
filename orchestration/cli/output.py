"""How rows are printed: a table for people, JSON, CSV or Parquet for programmes."""

import json
import math
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

import click
import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

FORMATS = ("table", "json", "csv", "parquet")
Command = TypeVar("Command", bound=Callable[..., Any])


def format_option(command: Command) -> Command:
    """Give a command `--format`, as its argument `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="table for people; json, csv or parquet for programmes.",
    )(command)


def entities_option(command: Command) -> Command:
    """Give a command `--entities`, as its argument of that name."""
    return click.option(
        "--entities", is_flag=True, help="Show entities themselves, not their pseudonyms."
    )(command)


def emit(rows: pl.DataFrame, form: str = "table", *, title: str | None = None) -> None:
    """Print rows. A table is coloured on a terminal and plain aligned text elsewhere.

    JSON is an array of objects; times are ISO 8601 in UTC in every textual format, null is null,
    an empty field, or `-` in a table.
    """
    if form == "table":
        _table(rows, title)
    elif form == "json":
        click.echo(_array(rows))
    elif form == "csv":
        click.echo(pl.DataFrame(_flat(rows)).write_csv(), nl=False)
    else:
        _parquet(rows)


def emit_record(record: Mapping[str, object], form: str = "table") -> None:
    """Print one record: a line per field in a table, one row in every other format."""
    if form != "table":
        emit(pl.DataFrame([dict(record)], strict=False), form)
        return
    width = max(len(name) for name in record)
    for name, value in record.items():
        click.echo(f"{name.ljust(width)}  {shown(value)}")


def emit_sections(sections: Mapping[str, pl.DataFrame], form: str = "table") -> None:
    """Print several tables under their titles.

    JSON is one object with an array each; CSV and Parquet hold one table, the last.
    """
    if form == "json":
        parts = [f"{json.dumps(name)}: {_array(rows)}" for name, rows in sections.items()]
        click.echo("{" + ",\n".join(parts) + "}")
    elif form == "table":
        for number, (name, rows) in enumerate(sections.items()):
            if number:
                click.echo()
            emit(rows, form, title=name)
    else:
        emit(list(sections.values())[-1], form)


def shown(value: object) -> str:
    """Text of a value in a table. Control characters of a log's texts never reach a terminal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return _iso(value)
    text = value if isinstance(value, str) else str(_plain(value))
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _table(rows: pl.DataFrame, title: str | None) -> None:
    console = Console()
    right = [dtype.is_numeric() for dtype in rows.dtypes]
    cells = [[shown(value) for value in row] for row in rows.iter_rows()]
    if not console.is_terminal:
        _plain_table(rows.columns, cells, right, title)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for name, number in zip(rows.columns, right, strict=True):
        table.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _plain_table(
    names: list[str], cells: list[list[str]], right: list[bool], title: str | None
) -> None:
    if title:
        click.echo(title)
    lines = [names, *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    for line in lines:
        padded = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def _array(rows: pl.DataFrame) -> str:
    records = ({name: _plain(v) for name, v in row.items()} for row in rows.iter_rows(named=True))
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    return "[" + ",\n".join(lines) + "]"


def _flat(rows: pl.DataFrame) -> list[pl.Series]:
    """Columns that CSV can hold: times as ISO texts, nested values as JSON."""
    return [
        pl.Series(
            column.name,
            [_text(value) for value in column],
            dtype=pl.String,
        )
        if column.dtype.is_nested() or column.dtype.is_temporal() or column.dtype == pl.Binary
        else column
        for column in rows.get_columns()
    ]


def _text(value: object) -> str | None:
    plain = _plain(value)
    if plain is None or isinstance(plain, str):
        return plain
    return json.dumps(plain, ensure_ascii=False)


def _plain(value: object) -> object:
    """The value as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, pl.Series | list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return _written(value)


def _written(value: object) -> str | float:
    """A value that JSON has no type for."""
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.hex() if isinstance(value, bytes) else str(value)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _parquet(rows: pl.DataFrame) -> None:
    stream = sys.stdout.buffer
    if stream.isatty():
        raise click.UsageError("Parquet is binary; redirect it, as in `> rows.parquet`.")
    rows.write_parquet(stream)
