"""Parquet files, by groups of rows."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.ingest.batch import BROKEN, ROW, Batch
from orchestration.ingest.errors import IngestError
from orchestration.ingest.files import Opened
from orchestration.ingest.lines import BLOCK, Advance
from orchestration.ingest.read_csv import refuse_missing
from orchestration.ingest.source import Source

ROWS = 65536


def parquet_batches(opened: Opened, source: Source, *, advance: Advance) -> Iterator[Batch]:
    """Rows with their types; nested values as JSON, bytes as hexadecimal digits."""
    name = opened.file.name
    with _seekable(opened) as stream:
        try:
            parquet = pq.ParquetFile(stream)
            refuse_missing(parquet.schema_arrow.names, source, name)
            total, done, told = parquet.metadata.num_rows, 0, 0
            for found in parquet.iter_batches(batch_size=ROWS):
                rows = cast("pl.DataFrame", pl.from_arrow(found)).with_columns(
                    pl.int_range(done + 1, done + 1 + found.num_rows, dtype=pl.Int64).alias(ROW)
                )
                done += found.num_rows
                position = opened.file.size * done // total
                advance(position - told)
                told = position
                plain = rows.select(map(_plain, rows.schema.items()))
                yield Batch(plain, pl.DataFrame(schema=BROKEN))
        except (pa.ArrowInvalid, OSError) as error:
            raise IngestError(
                f"'{name}' is a damaged Parquet file. Write it again; nothing of it was ingested."
            ) from error


def _plain(column: tuple[str, pl.DataType]) -> pl.Expr:
    """The column, nested and binary values as text."""
    name, dtype = column
    if dtype == pl.Binary:
        return pl.col(name).bin.encode("hex")
    if dtype.is_nested() or dtype == pl.Duration:
        wrapped = pl.struct(x=name).struct.json_encode()
        inner = wrapped.str.strip_prefix('{"x":').str.strip_suffix("}")
        return pl.when(pl.col(name).is_not_null()).then(inner).alias(name)
    if dtype in {pl.Categorical, pl.Enum, pl.Time}:
        return pl.col(name).cast(pl.String)
    return pl.col(name)


@contextmanager
def _seekable(opened: Opened) -> Iterator[BinaryIO]:
    """The file itself, or a decompressed copy of it that its end can be sought in."""
    if opened.stream is opened.stored:
        yield opened.stream
        return
    with tempfile.TemporaryFile() as copy:
        while block := opened.read(BLOCK):
            copy.write(block)
        copy.seek(0)
        yield cast("BinaryIO", copy)
