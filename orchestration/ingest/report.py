"""What an ingest did."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from monitors.columns import TIMESTAMP, schema

ROW = schema(
    {
        "product": pl.String,
        "contract": pl.String,
        "files": pl.Int64,
        "failed_files": pl.Int64,
        "rows_read": pl.Int64,
        "ingested": pl.Int64,
        "duplicates": pl.Int64,
        "quarantined": pl.Int64,
        "skipped": pl.Int64,
        "hours": pl.Int64,
        "bytes": pl.Int64,
        "first": TIMESTAMP,
        "last": TIMESTAMP,
    }
)


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of one ingest.

    Each row read is ingested, a duplicate, quarantined (by reason) or skipped by the source's
    `where` or `unmatched`; with `[unpivot]` one row read gives several events. `hours` are the
    starts of the hours that got rows. `bytes` is the size of the files as stored. `first` and
    `last` are the times of the ingested events, None where there are none. `failed` says of each
    file that could not be read why; nothing of such a file is ingested. `unseen` are columns that
    the mapping names and no row had a value of: a misspelt key of JSON lines shows here.
    """

    product: str
    contract: str
    files: tuple[str, ...] = ()
    rows_read: int = 0
    ingested: int = 0
    duplicates: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    hours: tuple[datetime, ...] = ()
    bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None
    failed: dict[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    @property
    def nothing_usable(self) -> bool:
        """Whether no file could be read, or rows were read and every one was quarantined."""
        if not self.files:
            return bool(self.failed)
        return self.rows_read > 0 and not (self.ingested or self.duplicates or self.skipped)

    def row(self) -> pl.DataFrame:
        """One row: the counts, with files, hours and quarantined rows as numbers."""
        values = {name: getattr(self, name) for name in ROW if name != "failed_files"}
        counted = {
            "files": len(self.files),
            "failed_files": len(self.failed),
            "quarantined": sum(self.quarantined.values()),
            "hours": len(self.hours),
        }
        return pl.DataFrame([{**values, **counted}], schema=ROW)


def total(reasons: list[dict[str, int]]) -> dict[str, int]:
    """Counts by reason added up, the most frequent first."""
    added: Counter[str] = Counter()
    for counts in reasons:
        added.update(counts)
    return dict(sorted(added.items(), key=lambda pair: (-pair[1], pair[0])))
