"""Which format a file has, by its name and by its first bytes."""

import re
from pathlib import PurePosixPath
from typing import get_args

from orchestration.ingest.errors import IngestError
from orchestration.ingest.files import File, head
from orchestration.ingest.source import Format, Source

SUFFIXES: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
}
PARQUET = b"PAR1"
ACCESS = re.compile(rb'\S+ \S+ .*\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "')


def detect(file: File, source: Source) -> Format:
    """The format that the source declares, or else the file shows.

    Raises IngestError for an empty file, for a binary one and for one that shows no format.
    """
    start = head(file)
    if start.startswith(PARQUET):
        return _agreed("parquet", file, source)
    if source.format == "parquet":
        raise IngestError(f"'{file.name}' is no Parquet file; name its format, or repair it.")
    if b"\0" in start:
        raise IngestError(
            f"'{file.name}' is binary; wanted text in {source.encoding}, Parquet, or gzip of it."
        )
    return source.format or _shown(file, start)


def separator(file: File, source: Source) -> str:
    """What stands between the fields of a CSV file: a tab where its name says so."""
    return "\t" if ".tsv" in _suffixes(file) and source.separator == "," else source.separator


def _agreed(found: Format, file: File, source: Source) -> Format:
    if source.format not in {None, found}:
        raise IngestError(
            f"'{file.name}' is {found}; the source says {source.format}. Correct its format."
        )
    return found


def _shown(file: File, start: bytes) -> Format:
    line = start.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)[0]
    if line.startswith(b"["):
        raise IngestError(
            f"'{file.name}' is one JSON array; wanted JSON lines: one object a line. "
            "Convert it, as with: jq -c '.[]'."
        )
    by_name = [SUFFIXES[suffix] for suffix in _suffixes(file) if suffix in SUFFIXES]
    if by_name:
        return by_name[-1]
    if line.startswith(b"{"):
        return "jsonl"
    if ACCESS.match(line):
        return "access_log"
    raise IngestError(
        f"'{file.name}' shows no known format; set format to one of {', '.join(get_args(Format))}."
    )


def _suffixes(file: File) -> list[str]:
    return [suffix.lower() for suffix in PurePosixPath(file.path).suffixes]
