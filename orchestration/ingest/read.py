"""Files as batches of rows, in bounded memory. One reader per format."""

from collections.abc import Iterator

from orchestration.ingest.batch import Batch
from orchestration.ingest.detect import detect, separator
from orchestration.ingest.files import File, plain
from orchestration.ingest.lines import Advance, blocks
from orchestration.ingest.read_csv import csv_batches
from orchestration.ingest.read_jsonl import jsonl_batch
from orchestration.ingest.read_parquet import parquet_batches
from orchestration.ingest.read_pattern import access_log_batch, pattern_batch
from orchestration.ingest.source import Source


def batches(file: File, source: Source, *, advance: Advance) -> Iterator[Batch]:
    """The rows of a file, some megabytes at a time.

    Raises IngestError when the file as a whole cannot be read; that may be after some batches.
    """
    found = detect(file, source)
    with plain(file) as opened:
        if found == "parquet":
            yield from parquet_batches(opened, source, advance=advance)
            return
        read = blocks(opened, encoding=source.encoding, advance=advance)
        if found == "csv":
            between = separator(file, source)
            yield from csv_batches(read, source, name=file.name, separator=between)
            return
        one = {"jsonl": jsonl_batch, "regex": pattern_batch, "access_log": access_log_batch}[found]
        for block in read:
            yield one(block, source)
