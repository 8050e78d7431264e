"""Ledgers of an earlier migration, with rows, taken to the newest one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, insert, inspect, select, text

from orchestration.ledger.approvals import change_mode
from orchestration.ledger.audit import append
from orchestration.ledger.database import connect, reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import applied, make_ledger, migrate
from orchestration.ledger.states import ModeState
from orchestration.ledger.tables import approvals, audit, labels, people_tokens, silences
from orchestration.ledger.verify import verify
from tests.support.ledgers import NOON, act, person

STAY = (audit, approvals, silences, people_tokens)
LABEL = {
    "unit_id": "u1",
    "value": True,
    "source": "case",
    "rater": "ana",
    "monitor": "web/scraping",
    "monitor_version": 2,
    "created_at": NOON,
}


@pytest.fixture
def first(url: str, tmp_path: Path) -> Iterator[Engine]:
    """A ledger at the first migration, with a row in every table that people or commands wrote."""
    (tmp_path / "home").mkdir()
    engine = connect(url)
    with writing(engine) as connection:
        migrate(connection, "0001")
        fill(connection)
    yield engine
    engine.dispose()


def fill(connection: Connection) -> None:
    append(connection, act=act(), verb="init", object_id="ledger:ledger-1")
    change_mode(
        connection,
        approval_id="p1",
        monitor="web/scraping",
        version=2,
        declared=ModeState.SHADOW,
        to=ModeState.REVIEW,
        act=person(1),
    )
    silence = {
        "silence_id": "s1",
        "matchers": [["product", "=", "web"]],
        "starts_at": NOON,
        "ends_at": act(60).at,
        "created_by": "ana",
        "created_at": NOON,
        "reason": "a drill",
    }
    connection.execute(insert(silences), silence)
    connection.execute(insert(labels), {"label_id": "l1", **LABEL})
    token = {"token_hash": "ab12", "person": "ana", "created_at": NOON, "expires_at": act(60).at}
    connection.execute(insert(people_tokens), token)


def rows(connection: Connection, table: Table) -> list[dict[str, object]]:
    return [dict(row) for row in connection.execute(select(table)).mappings()]


def test_rows_of_the_tables_that_stay_are_kept(first: Engine) -> None:
    with reading(first) as connection:
        before = [rows(connection, table) for table in STAY]
    assert [len(found) for found in before] == [2, 1, 1, 1]
    make_ledger(first, ledger_id="ledger-2", act=act(5))
    with reading(first) as connection:
        assert applied(connection) == "0007"
        assert [rows(connection, table) for table in STAY] == before
        (label,) = rows(connection, labels)
        assert (label["label_id"], label["value"], label["code"]) == ("l1", True, None)
        assert verify(connection, seals=[]).wrong == ""


LEFT = {
    "intake": "INSERT INTO intake VALUES ('m', 1, 'p', 'd', 'live', 'complete', :at, :at, 0, 1)",
    "outbox": (
        "INSERT INTO outbox (outbox_id, audit_seq, kind, payload, created_at, not_before, attempts)"
        " VALUES ('o1', 1, 'slack', '{}', :at, :at, 0)"
    ),
}


@pytest.mark.parametrize("table", ["intake", "outbox"])
def test_a_table_with_rows_is_not_dropped_and_no_migration_stays(first: Engine, table: str) -> None:
    with writing(first) as connection:
        connection.execute(text(LEFT[table]), {"at": "2026-03-02 12:00:00"})
        tables = inspect(connection).get_table_names()
    with pytest.raises(LedgerError, match=f"Table {table} has 1 rows .* Back the ledger up"):
        make_ledger(first, ledger_id="ledger-1", act=act())
    with reading(first) as connection:
        assert applied(connection) == "0001"
        assert inspect(connection).get_table_names() == tables
