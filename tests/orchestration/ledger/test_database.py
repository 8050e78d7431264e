from datetime import datetime

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from orchestration.ledger import database
from orchestration.ledger.audit import append
from orchestration.ledger.database import connect, reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import make_ledger
from orchestration.ledger.tables import alert_findings
from tests.support.ledgers import NOON, act, count


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://root@host/ledger", "URL is mysql://root@host/ledger; wanted a file"),
        ("sqlite://", "URL is sqlite://; wanted a file"),
        ("sqlite:///:memory:", "wanted a file"),
        ("postgresql://me:secret@host", r"postgresql://me:\*\*\*@host; wanted a file"),
    ],
)
def test_a_url_of_no_ledger_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(LedgerError, match=said):
        connect(url)


def append_both(ledger: Engine, *objects: str) -> None:
    with writing(ledger) as connection:
        for object_id in objects:
            append(connection, act=act(), verb="try", object_id=object_id)


def test_an_error_inside_a_transaction_undoes_all_of_it(ledger: Engine) -> None:
    with pytest.raises(LedgerError, match="is no id"):
        append_both(ledger, "alert:a1", "no id")
    with reading(ledger) as connection:
        assert count(connection, "audit") == 1


def test_what_refers_to_nothing_is_refused(ledger: Engine) -> None:
    row = {"finding_id": "f1", "revision": 1, "alert_id": "none", "kind": "new", "digest": "d"}
    with pytest.raises(IntegrityError), writing(ledger) as connection:
        connection.execute(insert(alert_findings).values(**row, window_end=NOON, at=NOON))


def test_a_reader_sees_one_moment_and_waits_for_no_writer(ledger: Engine) -> None:
    with writing(ledger) as writer:
        append(writer, act=act(), verb="try", object_id="alert:a1")
        with reading(ledger) as reader:
            assert count(reader, "audit") == 1
            writer.commit()
            assert count(reader, "audit") == 1
    with reading(ledger) as reader:
        assert count(reader, "audit") == 2


def test_a_change_needs_a_writing_transaction(ledger: Engine) -> None:
    with reading(ledger) as connection, pytest.raises(LedgerError, match="outside a writing"):
        append(connection, act=act(), verb="try", object_id="alert:a1")


def test_a_writer_that_waits_too_long_says_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    engine = connect(url)
    make_ledger(engine, ledger_id="ledger-1", act=act())
    with (
        writing(engine),
        pytest.raises(LedgerError, match="could not be opened within 1 s"),
        writing(engine),
    ):
        pass
    engine.dispose()


def test_sqlite_keeps_its_log_beside_it_and_every_commit_on_the_disk(ledger: Engine) -> None:
    if ledger.dialect.name != "sqlite":
        return
    with reading(ledger) as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30000,
    }


def test_a_time_without_a_zone_is_refused(ledger: Engine) -> None:
    row = {"finding_id": "f1", "revision": 1, "alert_id": "a1", "kind": "new", "digest": "d"}
    naive = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - what is refused
    with pytest.raises(LedgerError, match="without a zone"), writing(ledger) as connection:
        connection.execute(insert(alert_findings).values(**row, window_end=naive, at=NOON))


def test_a_database_that_cannot_be_reached_is_said_to_be() -> None:
    engine = connect("postgresql://me:secret@127.0.0.1:1/ledger")
    with pytest.raises(LedgerError, match="could not be opened") as raised, reading(engine):
        pass
    assert "secret" not in str(raised.value)
