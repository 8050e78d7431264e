"""DuckDB over the lake, for SQL monitors and `watchfloor sql`; it holds no state of its own."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import polars as pl

from monitors.columns import TIMESTAMP
from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Table
from monitors.trial import Tables, python
from orchestration.inputs import Inputs, Source

CONFIG: dict[str, str | int | float | list[str]] = {
    "memory_limit": "1GB",
    "temp_directory": str(Path(tempfile.gettempdir()) / "watchfloor-duckdb"),
    "preserve_insertion_order": False,
}
Connect = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


def connect() -> duckdb.DuckDBPyConnection:
    """A private in-memory database that spills to disk over its memory limit."""
    return duckdb.connect(config=dict(CONFIG))


def score(monitor: Monitor, tables: Tables) -> pl.LazyFrame:
    """Scores of any monitor on frames in memory, for trials: SQL runs in DuckDB."""
    if monitor.sql is None:
        return python(monitor, tables)
    with tempfile.TemporaryDirectory(prefix="watchfloor-sql-") as folder:
        return query(monitor.sql, _stored(tables, Path(folder))).lazy()


def score_sql(
    inputs: Inputs, monitor: Monitor, span: Span, *, connect: Connect = connect
) -> pl.LazyFrame:
    """Scores of a SQL monitor over views on the lake's own files of the span.

    DuckDB reads the files itself, so that its memory limit bounds the query; only look-back
    aggregates, which are small, are copied.
    """
    raw, derived = {}, {}
    for name in monitor.reads:
        table = Table.parse(name)
        if table.kind in {"events", "text"}:
            raw[name] = inputs.source(table, inputs.raw(monitor, span))
        else:
            derived[name] = inputs.table(monitor, name, span)
    with tempfile.TemporaryDirectory(prefix="watchfloor-sql-") as folder:
        views = _stored(derived, Path(folder))
        for name, source in raw.items():
            shape = Path(folder) / f"{name}.schema.parquet"
            pl.DataFrame(schema=source.schema).write_parquet(shape)
            views[name] = _union(source, shape)
        return query(monitor.sql or "", views, connect=connect).lazy()


def _stored(tables: Tables, folder: Path) -> dict[str, str]:
    """Write frames to files and give the query that reads each."""
    views = {}
    for name, rows in tables.items():
        path = folder / f"{name}.parquet"
        rows.sink_parquet(path, engine="streaming")
        views[name] = reading([str(path)])
    return views


def _union(source: Source, shape: Path) -> str:
    """The schema's columns over the pieces of a span; the empty file gives those files lack."""
    whole = [str(p.path) for p in source.pieces if p.hours is None]
    parts = [reading([str(shape), *whole])]
    for piece in source.pieces:
        if piece.hours is not None:
            hours = ", ".join(str(hour) for hour in piece.hours)
            parts.append(f"{reading([str(piece.path)])} where hour(occurred_at) in ({hours})")
    within = (
        f"where occurred_at >= timestamptz '{source.span.start.isoformat()}' "
        f"and occurred_at < timestamptz '{source.span.end.isoformat()}'"
    )
    columns = ", ".join(f'"{name}"' for name in source.schema)
    # A view takes no bound parameters; the texts are our own names, paths and times.
    return f"select {columns} from ({' union all by name '.join(parts)}) {within}"  # noqa: S608


def reading(files: Sequence[str]) -> str:
    """Query that reads Parquet files, quoting their names."""
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
    options = "union_by_name = true, hive_partitioning = false"
    return f"select * from read_parquet([{names}], {options})"  # noqa: S608 - names are quoted


def query(sql: str, views: Mapping[str, str], *, connect: Connect = connect) -> pl.DataFrame:
    """Rows of one query over views given as queries, by name; times in UTC."""
    with connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, text in views.items():
            connection.execute(f'create view "{name}" as {text}')
        found = pl.from_arrow(connection.sql(sql).to_arrow_table())
    rows = found if isinstance(found, pl.DataFrame) else found.to_frame()
    times = [c for c, dtype in rows.schema.items() if isinstance(dtype, pl.Datetime)]
    return rows.with_columns(pl.col(c).cast(TIMESTAMP) for c in times)
