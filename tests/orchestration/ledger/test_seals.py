from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from orchestration.ledger.audit import head
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.seals import Seal, read_seals, seal_of, seals_in, write_seal
from orchestration.ledger.tables import audit
from tests.support.ledgers import NOON

SEAL = Seal("ledger-1", 3, "ab12", NOON)


def test_seals_are_read_as_they_were_written_oldest_first(tmp_path: Path) -> None:
    path = seals_in(tmp_path)
    assert read_seals(path) == []
    write_seal(path, seal=SEAL)
    write_seal(path, seal=replace(SEAL, seq=5))
    assert read_seals(path) == [SEAL, replace(SEAL, seq=5)]
    assert path == tmp_path / "seals" / "ledger.jsonl"


def test_a_seal_is_of_the_end_of_the_audit(ledger: Engine) -> None:
    with reading(ledger) as connection:
        last = head(connection)
        assert last is not None
        assert seal_of(connection, now=NOON) == Seal("ledger-1", 1, last.hash, NOON)


def test_an_audit_without_a_row_cannot_be_sealed(ledger: Engine) -> None:
    with writing(ledger) as connection:
        connection.execute(delete(audit))
        with pytest.raises(LedgerError, match="no row to seal"):
            seal_of(connection, now=NOON)


@pytest.mark.parametrize("line", ['{"ledger_id": "l', "{}", "[]", '{"at": "2026-03-02"}'])
def test_a_line_that_is_no_seal_is_named(tmp_path: Path, line: str) -> None:
    path = seals_in(tmp_path)
    write_seal(path, seal=SEAL)
    with path.open("a", encoding="utf-8") as lines:
        lines.write(line)
    with pytest.raises(LedgerError, match=r"Line 2 of .* is no seal"):
        read_seals(path)
