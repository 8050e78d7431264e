"""The ingest log: one JSON record per file, named by the file's digest."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from upath import UPath

from orchestration.ingest.files import File
from orchestration.lake import Lake


@dataclass(frozen=True, slots=True)
class Record:
    """One file that was taken, or is being taken where `done` is False.

    `seen` are the names, sizes and times of change under which the content was met. `started` is
    when it was first taken and `weeks` by how much its times were shifted then: both stay when it
    is taken again, so that its rows are known as the same rows. `report` holds its counts.
    """

    digest: str
    started: datetime
    weeks: int
    seen: tuple[tuple[str, int, str], ...] = ()
    done: bool = False
    report: dict[str, Any] | None = None

    def met(self, file: File) -> "Record":
        """The record with one more name for the same content."""
        return self if file.key in self.seen else replace(self, seen=(*self.seen, file.key))


@dataclass(frozen=True, slots=True)
class Records:
    """The ingest log of one product and contract."""

    lake: Lake
    product: str
    contract: str

    @property
    def folder(self) -> UPath:
        """Where the records are."""
        return UPath(self.lake.root) / "ingests" / self.product / self.contract

    def get(self, digest: str) -> Record | None:
        """The record of a content, if it was met before."""
        found = self.lake.read_json(self.folder / f"{digest}.json")
        return None if found is None else _record(found)

    def all(self) -> list[Record]:
        """Every record, in order of digest."""
        if not self.folder.exists():
            return []
        paths = sorted((p for p in self.folder.iterdir() if p.suffix == ".json"), key=str)
        return [r for r in (self.get(path.stem) for path in paths) if r is not None]

    def put(self, record: Record) -> None:
        """Write a record in place of what was there."""
        written = {
            "digest": record.digest,
            "started": record.started.isoformat(),
            "weeks": record.weeks,
            "seen": [list(key) for key in record.seen],
            "done": record.done,
            "report": record.report,
        }
        self.lake.replace_json(self.folder / f"{record.digest}.json", written)


def _record(found: dict[str, Any]) -> Record:
    return Record(
        digest=found["digest"],
        started=datetime.fromisoformat(found["started"]),
        weeks=found["weeks"],
        seen=tuple((name, size, modified) for name, size, modified in found["seen"]),
        done=found["done"],
        report=found["report"],
    )
