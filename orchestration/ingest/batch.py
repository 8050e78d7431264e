"""A batch of a file: its rows as columns of the log, and what could not be read as a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from monitors.columns import schema
from orchestration.ingest.lines import readable

ROW, RAW, REST = "__row", "__raw", "__rest"
BROKEN = schema({"row": pl.Int64, "reason": pl.String, "original": pl.String})


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one file, in its order.

    `records` has the log's columns, ROW (line or row number, from 1) and, for JSON lines, REST
    (JSON of keys that nobody named). RAW is the original text, or JSON where the log is no text.
    `broken` holds one row per line that is no row. `skipped` lines were passed over on purpose.
    """

    records: pl.DataFrame
    broken: pl.DataFrame
    skipped: int = 0

    @property
    def columns(self) -> list[str]:
        """Columns of the log."""
        return [name for name in self.records.columns if name not in {ROW, RAW, REST}]


@dataclass(slots=True)
class Faults:
    """Collects the lines that are no rows."""

    rows: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, row: int, reason: str, original: str) -> None:
        """Keep one line and why it is no row."""
        self.rows.append((row, reason, readable(original)))

    def frame(self) -> pl.DataFrame:
        """What was collected: one row per line."""
        return pl.DataFrame(self.rows, schema=BROKEN, orient="row")


def text_records(
    rows: Sequence[int], raws: Sequence[str], columns: Mapping[str, Sequence[str | None]]
) -> pl.DataFrame:
    """Records of text columns with their line numbers and originals."""
    values = {name: pl.Series(name, value, dtype=pl.String) for name, value in columns.items()}
    return pl.DataFrame(
        {
            **values,
            ROW: pl.Series(rows, dtype=pl.Int64),
            RAW: pl.Series(raws, dtype=pl.String),
        }
    )
