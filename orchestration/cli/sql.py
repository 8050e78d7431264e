"""`watchfloor sql`: read-only queries over the lake."""

import re
import sys

import click
import duckdb
import polars as pl

from orchestration.cli.errors import NoDataError, QueryError
from orchestration.cli.output import emit, format_option
from orchestration.cli.views import QUARANTINE, exists, names, quarantined, view
from orchestration.duck import connect
from orchestration.lake import Lake
from orchestration.settings import load

READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


@click.command()
@click.argument("query")
@click.option("--text", is_flag=True, help="Give the restricted text tables too.")
@format_option
def sql(*, query: str, text: bool, form: str) -> None:
    """Run one SQL QUERY over the lake; `-` reads it from stdin. `show tables` lists the tables.

    Select, with, describe, show, summarize and explain are allowed. Nothing is ever written, and
    no file outside the tables asked for is read.
    """
    if text:
        click.echo("Restricted: text that people wrote. Read what the case needs.", err=True)
    asked = sys.stdin.read() if query == "-" else query
    rows = run(Lake(load().lake), asked, text=text)
    if form == "table" and rows.columns == ["explain_key", "explain_value"]:
        click.echo("\n".join(rows["explain_value"]))
        return
    emit(rows, form)


def run(lake: Lake, query: str, *, text: bool = False) -> pl.DataFrame:
    """Rows of one query over the lake's tables, times in UTC.

    Raises QueryError for anything but one reading statement, and NoDataError where a table that
    is asked for has no rows yet.
    """
    with connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        _require_reading(connection, query)
        _make_tables(connection, lake, query, text=text)
        try:
            rows = pl.from_arrow(connection.sql(query).to_arrow_table())
        except duckdb.CatalogException as error:
            raise _missing(lake, query, _short(error), text=text) from error
        except duckdb.Error as error:
            raise QueryError(_short(error)) from error
        except pl.exceptions.PolarsError as error:
            raise QueryError(
                "A column of the result has a type or a name that cannot be shown; cast it, as in "
                "x::varchar, or name it with `as`."
            ) from error
    return rows if isinstance(rows, pl.DataFrame) else rows.to_frame()


def _require_reading(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    try:
        statements = connection.extract_statements(query)
    except duckdb.Error as error:
        raise QueryError(_short(error)) from error
    if len(statements) != 1:
        raise QueryError(f"That is {len(statements)} statements; give one.")
    kind = statements[0].type
    if kind not in READING:
        raise QueryError(
            f"{kind.name} is refused: queries only read. Wanted select, with, describe, show, "
            "summarize or explain."
        )


def _make_tables(
    connection: duckdb.DuckDBPyConnection, lake: Lake, query: str, *, text: bool
) -> None:
    """Make the views that the query names, or all if it names none; then lock the door.

    A view opens every one of its files, so those not asked for are not made.
    """
    folders = names(text=text)
    there = [name for name, folder in folders.items() if exists(lake, folder)]
    asked = [name for name in there if _mentions(query, name)]
    files: list[str] = []
    for name in asked or there:
        if name == QUARANTINE:
            connection.register("counted", quarantined(lake).to_arrow())
            connection.execute("create table quarantine as select * from counted")
            connection.unregister("counted")
            continue
        made = view(lake, name, folders[name])
        connection.execute(f'create view "{name}" as {made.query}')
        files += made.files
    # Otherwise read_parquet() in a query would open restricted text, or any file of this machine.
    connection.execute(f"set allowed_paths = [{', '.join(_quoted(name) for name in files)}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _missing(lake: Lake, query: str, found: str, *, text: bool) -> ValueError:
    """Why a table that the query names is not there."""
    every, allowed = names(text=True), names(text=text)
    for name in (n for n in every if _mentions(query, n)):
        if name not in allowed:
            return QueryError(f"'{name}' is restricted text that people wrote; --text gives it.")
        if not exists(lake, every[name]):
            return NoDataError(f"The lake has no {name} yet. {_known(lake, text=text)}")
    return QueryError(f"{found} {_known(lake, text=text)}")


def _mentions(query: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", query, re.IGNORECASE) is not None


def _known(lake: Lake, *, text: bool) -> str:
    found = [name for name, folder in names(text=text).items() if exists(lake, folder)]
    return f"Tables: {', '.join(found)}." if found else "It is empty; ingest a log first."


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _short(error: Exception) -> str:
    """The engine's message without its drawing of the query."""
    lines = str(error).split("\n\n")[0].splitlines() or [type(error).__name__]
    return " ".join(line for line in lines if not line.startswith("Did you mean")).strip()
