"""`watchfloor ledger`: make, look at, verify, seal and copy the ledger."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click
import polars as pl
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from orchestration.cli.errors import FOUND_WRONG
from orchestration.cli.output import emit_record, emit_sections, format_option
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.backup import back_up, opened
from orchestration.ledger.database import connect, reading
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.schema import make_ledger, open_ledger, require_latest
from orchestration.ledger.seals import read_seals, seal_of, seals_in, write_seal
from orchestration.ledger.summary import Summary, summary
from orchestration.ledger.verify import verify as verify_ledger
from orchestration.settings import load


@click.group()
def ledger() -> None:
    """Keep the record of alerts, approvals and everything done about them."""


@ledger.command()
@format_option
def init(*, form: str) -> None:
    """Make the ledger, or bring it to this Watchfloor's migration."""
    made(load().ledger)
    with _ledger() as connection:
        _emit(summary(connection), form)


def made(url: str) -> None:
    """Make the ledger at a URL, or bring it to the newest migration."""
    engine = connect(url)
    try:
        act = Act(Actor("init", "system"), datetime.now(UTC), "made by watchfloor")
        make_ledger(engine, ledger_id=str(uuid4()), act=act)
    finally:
        engine.dispose()


@ledger.command()
@format_option
def status(*, form: str) -> None:
    """Show its migration, rows by table, the end of its audit and what waits in the outbox."""
    with _ledger() as connection:
        _emit(summary(connection), form)


@ledger.command()
@click.argument("backup_path", required=False, type=click.Path(exists=True, path_type=Path))
@format_option
def verify(*, backup_path: Path | None, form: str) -> None:
    """Recompute the audit of the ledger, or of a backup, and say the first row that is wrong.

    Exit code 1 if one is.
    """
    seals = read_seals(seals_in(load().home))
    with opened(backup_path) if backup_path else _ledger() as connection:
        verdict = verify_ledger(connection, seals=seals, sealed_end=backup_path is not None)
    record = {
        "ledger_id": verdict.ledger_id,
        "audit_rows": verdict.rows,
        "head": verdict.head.hash if verdict.head else None,
        "seals": verdict.seals,
        "wrong": verdict.wrong or None,
    }
    emit_record(record, form)
    if verdict.wrong:
        sys.exit(FOUND_WRONG)


@ledger.command()
@format_option
def seal(*, form: str) -> None:
    """Write the end of the audit to a file outside the ledger."""
    with _ledger() as connection:
        _seal(connection, form)


@ledger.command()
@click.argument("path", type=click.Path(path_type=Path))
@format_option
def backup(*, path: Path, form: str) -> None:
    """Copy the ledger to PATH while it is in use, and seal the copy's end."""
    engine = open_ledger(load().ledger)
    try:
        back_up(engine, path=path)
    finally:
        engine.dispose()
    with opened(path) as copied:
        _seal(copied, form)


@contextmanager
def _ledger() -> Iterator[Connection]:
    engine = connect(load().ledger)
    try:
        require_latest(engine)
        with reading(engine) as connection:
            yield connection
    except DatabaseError as error:
        raise LedgerError(f"The ledger cannot be read: {error.orig}. Restore a backup.") from error
    finally:
        engine.dispose()


def _seal(connection: Connection, form: str) -> None:
    made = seal_of(connection, now=datetime.now(UTC))
    write_seal(seals_in(load().home), seal=made)
    emit_record({"ledger_id": made.ledger_id, "seq": made.seq, "hash": made.hash}, form)


def _emit(found: Summary, form: str) -> None:
    ends = {
        "ledger_id": found.ledger_id,
        "migration": found.migration,
        "audit_rows": found.head.seq if found.head else 0,
        "head": found.head.hash if found.head else None,
        "head_at": found.head.at if found.head else None,
        "oldest_waiting": found.oldest_waiting,
    }
    tables = pl.DataFrame(list(found.rows.items()), schema=["table", "rows"], orient="row")
    emit_sections({"ledger": pl.DataFrame([ends]), "tables": tables}, form)
