"""CSV with a header line, quoted as RFC 4180 says."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestration.ingest.batch import Batch, Faults, text_records
from orchestration.ingest.errors import IngestError
from orchestration.ingest.lines import LONGEST, NO_TEXT, TOO_LONG, Block, is_text
from orchestration.ingest.source import Source, suggestion


@dataclass
class Feed:
    """Gives lines to the CSV reader and remembers those of the record being read."""

    blocks: Iterator[Block]
    faults: Faults
    lines: list[str] = field(default_factory=list)
    row: int = 0
    read: int = 0
    suspect: bool = False

    def __iter__(self) -> Iterator[str]:
        for block in self.blocks:
            self.read += 1
            self.suspect = block.suspect
            for number, line in enumerate(block.lines, start=block.first):
                if number in block.long:
                    self.faults.add(number, TOO_LONG, line)
                    continue
                if not self.lines:
                    self.row = number
                self.lines.append(line)
                yield line + "\n"

    def take(self) -> str:
        """Original text of the record just read."""
        taken, self.lines = "\n".join(self.lines), []
        return taken


def csv_batches(
    blocks: Iterator[Block], source: Source, *, name: str, separator: str
) -> Iterator[Batch]:
    """Rows as text, one batch per block. Raises IngestError for a header that cannot be used."""
    csv.field_size_limit(LONGEST)
    faults = Faults()
    feed = Feed(blocks, faults)
    reader = csv.reader(feed, delimiter=separator, strict=True)
    header = _header(reader, source, name)
    feed.take()
    rows: list[int] = []
    raws: list[str] = []
    fields: list[list[str]] = []
    at = feed.read
    while True:
        found = _next(reader)
        if found is None or feed.read != at:
            yield _batch(header, rows, raws, fields, faults)
            rows, raws, fields, at = [], [], [], feed.read
            faults.rows.clear()
        if found is None:
            return
        row, raw = feed.row, feed.take()
        fault = _fault(found, raw, len(header), suspect=feed.suspect)
        if fault:
            faults.add(row, fault, raw)
        elif isinstance(found, list) and found:
            rows.append(row)
            raws.append(raw)
            fields.append(found)


def _next(reader: Iterator[list[str]]) -> list[str] | str | None:
    """Fields of the next record, what is wrong with it, or None at the end."""
    try:
        return next(reader)
    except StopIteration:
        return None
    except csv.Error:
        return "not CSV: a quote is not closed or stands in a field"


def _fault(found: list[str] | str, raw: str, width: int, *, suspect: bool) -> str | None:
    if isinstance(found, str):
        return found
    if found and len(found) != width:
        return f"{'fewer' if len(found) < width else 'more'} fields than the header"
    return NO_TEXT if suspect and not is_text(raw) else None


def _header(reader: Iterator[list[str]], source: Source, name: str) -> list[str]:
    found = _next(reader)
    while found == []:
        found = _next(reader)
    if not isinstance(found, list) or not all(is_text(field) for field in found):
        raise IngestError(f"'{name}' has no header line; wanted the names of its columns.")
    header = [field.strip() or f"column_{i}" for i, field in enumerate(found, start=1)]
    twice = sorted({field for field in header if header.count(field) > 1})
    if twice:
        raise IngestError(f"'{name}' names the columns {twice} twice; give each one name.")
    refuse_missing(header, source, name)
    return header


def refuse_missing(columns: list[str], source: Source, name: str) -> None:
    """Raise IngestError if the mapping names a column that the file does not have."""
    for wanted in sorted(source.named):
        if wanted not in columns and wanted.split(".")[0] not in columns:
            raise IngestError(
                f"'{name}' has no column '{wanted}', which the mapping names."
                f"{suggestion(wanted, columns)}"
            )


def _batch(
    header: list[str], rows: list[int], raws: list[str], fields: list[list[str]], faults: Faults
) -> Batch:
    columns = zip(*fields, strict=True) if fields else ((),) * len(header)
    values = {
        name: [value or None for value in column]  # an empty field is no value
        for name, column in zip(header, columns, strict=True)
    }
    return Batch(text_records(rows, raws, values), faults.frame())
