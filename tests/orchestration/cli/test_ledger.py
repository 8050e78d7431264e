import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text

from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.schema import open_ledger
from tests.support.ledgers import act

Watchfloor = Callable[..., Result]


@pytest.fixture
def made(home: Path, watchfloor: Watchfloor) -> Path:
    assert watchfloor("ledger", "init").exit_code == 0
    return home / "ledger.db"


def change(path: Path, *statements: str) -> None:
    engine = open_ledger(f"sqlite:///{path}")
    with writing(engine) as connection:
        append(connection, act=act(), verb="look", object_id="alert:a1")
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize("command", ["status", "verify", "seal"])
def test_without_a_ledger_the_remedy_is_said(watchfloor: Watchfloor, command: str) -> None:
    result = watchfloor("ledger", command)
    assert result.exit_code == 2
    assert "There is no ledger at" in result.stderr
    assert "run `watchfloor ledger init`" in result.stderr


def test_a_ledger_is_made_once_and_shown(made: Path, watchfloor: Watchfloor) -> None:
    assert made.exists()
    first = json.loads(watchfloor("ledger", "status", "--format", "json").stdout)
    again = json.loads(watchfloor("ledger", "init", "--format", "json").stdout)
    assert again == first
    (ends,) = first["ledger"]
    assert (ends["migration"], ends["audit_rows"], ends["oldest_waiting"]) == ("0007", 1, None)
    assert {"table": "audit", "rows": 1} in first["tables"]


def test_a_sound_ledger_verifies(made: Path, watchfloor: Watchfloor) -> None:
    change(made)
    result = watchfloor("ledger", "verify", "--format", "json")
    assert result.exit_code == 0
    (found,) = json.loads(result.stdout)
    assert (found["audit_rows"], found["seals"], found["wrong"]) == (2, 0, None)


def test_an_edited_audit_is_told_with_exit_code_1(made: Path, watchfloor: Watchfloor) -> None:
    change(made, "UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    result = watchfloor("ledger", "verify")
    assert result.exit_code == 1
    assert "Row 2 of the audit is not what was hashed: it was edited." in result.stdout


def test_a_seal_notices_a_cut_end(made: Path, watchfloor: Watchfloor) -> None:
    change(made)
    assert watchfloor("ledger", "seal").exit_code == 0
    assert (made.parent / "seals" / "ledger.jsonl").exists()
    change(made, "DELETE FROM audit WHERE seq > 1")
    result = watchfloor("ledger", "verify")
    assert result.exit_code == 1
    assert "The audit ends with row 1; row 2 was sealed: rows were cut." in result.stdout


def test_a_backup_is_sealed_and_verifies_after_the_ledger_has_gone_on(
    made: Path, watchfloor: Watchfloor, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    assert watchfloor("ledger", "backup", str(copy)).exit_code == 0
    change(made)
    assert watchfloor("ledger", "seal").exit_code == 0
    result = watchfloor("ledger", "verify", str(copy))
    assert (result.exit_code, "audit_rows  1" in result.stdout) == (0, True)
    assert watchfloor("ledger", "verify").exit_code == 0


def test_a_ledger_elsewhere_is_set_by_its_url(
    watchfloor: Watchfloor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_LEDGER", f"sqlite:///{tmp_path / 'else' / 'where.db'}")
    assert watchfloor("ledger", "init").exit_code == 0
    assert (tmp_path / "else" / "where.db").exists()


def test_a_url_of_no_ledger_is_refused(
    watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_LEDGER", "mysql://me:secret@host/ledger")
    result = watchfloor("ledger", "init")
    assert result.exit_code == 2
    assert "wanted a file" in result.stderr
    assert "secret" not in result.stderr


def test_a_ledger_that_is_no_database_is_said_to_be_none(
    made: Path, watchfloor: Watchfloor
) -> None:
    made.write_bytes(b"no database" * 100)
    result = watchfloor("ledger", "verify")
    assert result.exit_code == 2
    assert "The ledger cannot be read: file is not a database. Restore a backup." in result.stderr
