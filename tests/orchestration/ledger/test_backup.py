import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert

from orchestration.alerts.records import AlertState
from orchestration.ledger.alerts import alert_of
from orchestration.ledger.audit import append, entries
from orchestration.ledger.backup import back_up, opened
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.outbox import enqueue
from orchestration.ledger.seals import seal_of
from orchestration.ledger.summary import summary
from orchestration.ledger.tables import audit, labels
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, act, alert, changed, intent
from tests.support.ledgers import opened as open_alerts

LABEL = {
    "unit_id": "u1",
    "value": True,
    "source": "case",
    "rater": "ana",
    "inclusion_prob": 0.25,
    "monitor": "web/scraping",
    "monitor_version": 2,
    "created_at": NOON,
}


@pytest.fixture
def filled(ledger: Engine) -> Engine:
    with writing(ledger) as connection:
        open_alerts(connection, alert(silenced_by=("s1",)))
        changed(connection, act(1), state=AlertState.FIRING)
        enqueue(connection, intents=[intent()], audit_seq=2, now=NOON)
        connection.execute(insert(labels).values(label_id="z", **LABEL))
        connection.execute(insert(labels).values(label_id="b", supersedes="z", **LABEL))
    return ledger


def test_a_backup_holds_every_row_and_verifies(filled: Engine, tmp_path: Path) -> None:
    back_up(filled, path=tmp_path / "backups" / "one")
    with reading(filled) as own, opened(tmp_path / "backups" / "one") as copied:
        assert summary(copied) == summary(own)
        assert alert_of(copied, "a1") == alert_of(own, "a1")
        assert list(entries(copied)) == list(entries(own))
        seal = seal_of(copied, now=NOON)
        assert verify(copied, seals=[seal], sealed_end=True).wrong == ""


def test_a_backup_is_not_changed_by_looking_at_it(filled: Engine, tmp_path: Path) -> None:
    back_up(filled, path=tmp_path / "one")
    before = contents(tmp_path / "one")
    with opened(tmp_path / "one") as copied:
        verify(copied, seals=[])
    assert contents(tmp_path / "one") == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(("one", ".one"))) == [
        "one"
    ]


def test_what_happens_after_a_backup_is_not_in_it(filled: Engine, tmp_path: Path) -> None:
    back_up(filled, path=tmp_path / "one")
    with writing(filled) as connection:
        append(connection, act=act(), verb="look", object_id="alert:a1")
        later = seal_of(connection, now=NOON)
    with opened(tmp_path / "one") as copied:
        seal = seal_of(copied, now=NOON)
        assert verify(copied, seals=[seal, later], sealed_end=True).wrong == ""


def test_a_backup_whose_end_was_cut_is_noticed(filled: Engine, tmp_path: Path) -> None:
    with reading(filled) as connection:
        seal = seal_of(connection, now=NOON)
    with writing(filled) as connection:
        connection.execute(delete(audit).where(audit.c.seq == 3))
    back_up(filled, path=tmp_path / "one")
    with opened(tmp_path / "one") as copied:
        assert verify(copied, seals=[seal], sealed_end=True).wrong == (
            "The backup's audit ends with row 2, which no seal has: rows were cut."
        )


def test_a_path_that_is_there_is_not_written_over(filled: Engine, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("mine", encoding="utf-8")
    with pytest.raises(LedgerError, match="is there already; wanted a new path"):
        back_up(filled, path=tmp_path / "one")
    assert (tmp_path / "one").read_text(encoding="utf-8") == "mine"


def test_what_a_killed_backup_left_is_replaced(filled: Engine, tmp_path: Path) -> None:
    (tmp_path / ".one.tmp").mkdir()
    (tmp_path / ".one.tmp" / "head.json").write_text("{", encoding="utf-8")
    back_up(filled, path=tmp_path / "one")
    with opened(tmp_path / "one") as copied:
        assert verify(copied, seals=[]).wrong == ""


@pytest.mark.parametrize("text", ["", "no database", json.dumps({"migration": "0001"})])
def test_a_file_that_is_no_backup_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "one").write_text(text, encoding="utf-8")
    with pytest.raises(LedgerError, match="is no backup"), opened(tmp_path / "one"):
        pass


@pytest.mark.parametrize("text", [None, "{", "{}", "[]", '{"migration": 3}'])
def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "one").mkdir()
    if text is not None:
        (tmp_path / "one" / "head.json").write_text(text, encoding="utf-8")
    with pytest.raises(LedgerError, match="is no backup"), opened(tmp_path / "one"):
        pass


def contents(path: Path) -> dict[str, bytes]:
    files = path.iterdir() if path.is_dir() else [path]
    return {file.name: file.read_bytes() for file in files}
