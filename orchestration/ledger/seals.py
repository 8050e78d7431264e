"""Seals: heads of the audit kept outside the ledger, so that a cut or rewritten one is noticed."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from orchestration.ledger.audit import Head, head, ledger_id
from orchestration.ledger.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Seal:
    """At `at` the ledger's audit ended with row `seq`, whose hash is `hash`."""

    ledger_id: str
    seq: int
    hash: str
    at: datetime

    def of(self, head: Head) -> bool:
        """Whether this is the seal of that head."""
        return (self.seq, self.hash) == (head.seq, head.hash)


def seal_of(connection: Connection, *, now: datetime) -> Seal:
    """Seal for the end of a ledger's audit; LedgerError if that is empty."""
    last, own = head(connection), ledger_id(connection)
    if last is None or own is None:
        raise LedgerError("The audit has no row to seal; wanted at least the first. Verify it.")
    return Seal(own, last.seq, last.hash, now)


def seals_in(home: Path) -> Path:
    """File of the seals, one JSON object a line, written at its end only."""
    return home / "seals" / "ledger.jsonl"


def write_seal(path: Path, *, seal: Seal) -> None:
    """Add one seal. It is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({**asdict(seal), "at": seal.at.isoformat()}) + "\n"
    opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(opened, line.encode())
        os.fsync(opened)
    finally:
        os.close(opened)


def read_seals(path: Path) -> list[Seal]:
    """Every seal, oldest first; none if there is no file. LedgerError for a line that is none."""
    if not path.exists():
        return []
    return [
        _read(line, number, path)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    ]


def _read(line: str, number: int, path: Path) -> Seal:
    try:
        record = json.loads(line)
        return Seal(**{**record, "at": datetime.fromisoformat(record["at"])})
    except (ValueError, TypeError, KeyError) as error:
        raise LedgerError(
            f"Line {number} of {path} is no seal; wanted JSON with ledger_id, seq, hash and at. "
            "If it was cut off by a crash, remove it, and say so where you keep such notes."
        ) from error
