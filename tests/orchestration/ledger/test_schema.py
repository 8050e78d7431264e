import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

from orchestration.ledger.audit import entries, ledger_id
from orchestration.ledger.database import connect, reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import (
    MIGRATIONS,
    applied,
    latest,
    make_ledger,
    migrate,
    open_ledger,
)
from orchestration.ledger.tables import metadata
from tests.support.ledgers import act, count

ROOT = Path(__file__).parents[3]


@pytest.fixture
def empty(url: str, tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "home").mkdir()
    engine = connect(url)
    yield engine
    engine.dispose()


def _words(sql: str) -> list[str]:
    """Words of a statement, without the order of constraints, and what stands between them."""
    return sorted(re.sub('[,()"]', " ", sql).split())


def test_migrations_make_the_tables_that_the_code_declares(ledger: Engine) -> None:
    with reading(ledger) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_migrations_write_the_same_sql_as_the_declaration(tmp_path: Path) -> None:
    declared = create_engine("sqlite://")
    metadata.create_all(declared)
    migrated = connect(f"sqlite:///{tmp_path / 'ledger.db'}")
    make_ledger(migrated, ledger_id="ledger-1", act=act())
    schema = text(
        "SELECT name, sql FROM sqlite_master WHERE name <> 'alembic_version' "
        "AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    with declared.connect() as one, migrated.connect() as other:
        wanted = {name: _words(sql) for name, sql in one.execute(schema)}
        found = {name: _words(sql) for name, sql in other.execute(schema)}
    declared.dispose()
    migrated.dispose()
    assert found == wanted


def test_every_migration_can_be_applied_on_the_one_before(empty: Engine) -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    steps = [step.revision for step in script.walk_revisions()][::-1]
    for step in steps:
        with writing(empty) as connection:
            migrate(connection, step)
        with reading(empty) as connection:
            assert applied(connection) == step
    assert steps == ["0001", "0002", "0003", "0004", "0005", "0006", "0007"]
    assert latest() == "0007"


def test_a_ledger_made_twice_keeps_its_id_and_its_rows(ledger: Engine) -> None:
    make_ledger(ledger, ledger_id="ledger-2", act=act())
    with reading(ledger) as connection:
        assert ledger_id(connection) == "ledger-1"
        assert [entry.verb for entry in entries(connection)] == ["init"]


def test_a_migration_that_breaks_leaves_nothing_behind(empty: Engine) -> None:
    with writing(empty) as connection:
        connection.execute(text("CREATE TABLE people_tokens (other INTEGER)"))
    with pytest.raises(DatabaseError):
        make_ledger(empty, ledger_id="ledger-1", act=act())
    with reading(empty) as connection:
        assert inspect(connection).get_table_names() == ["people_tokens"]


def test_processes_that_make_one_ledger_at_once_do_not_race(url: str) -> None:
    command = [sys.executable, "-m", "tests.support.ledger_writer", url]
    started = [subprocess.Popen([*command, name, "1"], cwd=ROOT) for name in ("p1", "p2", "p3")]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    engine = open_ledger(url)
    with reading(engine) as connection:
        assert count(connection, "alerts") == 3
        assert [entry.verb for entry in entries(connection)].count("init") == 1
    engine.dispose()


def test_a_ledger_that_is_not_there_is_not_made_by_opening_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with pytest.raises(LedgerError, match=r"There is no ledger at .* `watchfloor ledger init`"):
        open_ledger(f"sqlite:///{path}")
    assert not path.exists()


def test_a_ledger_of_another_migration_is_refused(ledger: Engine, url: str) -> None:
    with writing(ledger) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="is at migration 9999; wanted 0007"):
        open_ledger(url)


def test_an_id_that_is_none_is_refused(ledger: Engine) -> None:
    with pytest.raises(LedgerError, match="ledger_id is a text of 7 characters that is no id"):
        make_ledger(ledger, ledger_id="my text", act=act())
