"""What the ledger keeps for a limited time. The audit, and what it says of alerts, stays."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select, tuple_

from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import (
    alert_findings,
    escalations,
    intake,
    outbox,
    problems,
    threads,
    told,
)
from orchestration.settings import Keep

RETENTION = Actor("retention", "system")
AT_ONCE = 2000  # rows in one transaction, so that whoever has something to tell waits a moment

Past = tuple[Table, ColumnElement[bool]]


def prune_ledger(
    engine: Engine, keep: Keep, *, now: datetime, dry_run: bool = False
) -> dict[str, int]:
    """Delete rows that are past their time; how many, by table.

    Done rows of the outbox, threads that closed with what belongs to them, and problems that are
    gone go as messages do; what was taken in as findings do. Each transaction that deletes leaves
    an audit row that says how many. With `dry_run` they are only counted, and the ladders of
    threads, which go after their threads, are not.
    """
    removed: dict[str, int] = {}
    for table, past in _past(keep, now):
        n = _count(engine, table, past) if dry_run else _delete(engine, table, past, now)
        if n:
            removed[table.name] = n
    return removed


def _past(keep: Keep, now: datetime) -> Iterator[Past]:
    """Tables in the order in which their rows refer to each other."""
    told_of, found = now - keep.messages, now - keep.findings
    yield outbox, outbox.c.done_at < told_of
    still = select(told.c.thread_id)
    yield threads, (threads.c.closed_at < told_of) & threads.c.thread_id.not_in(still)
    yield escalations, escalations.c.thread_id.not_in(select(threads.c.thread_id))
    yield problems, problems.c.gone_at < told_of
    yield alert_findings, alert_findings.c.partition_end < found
    yield intake, intake.c.partition_end < found


def _count(engine: Engine, table: Table, past: ColumnElement[bool]) -> int:
    with reading(engine) as connection:
        rows = select(func.count()).select_from(table).where(past)
        return connection.execute(rows).scalar_one()


def _delete(engine: Engine, table: Table, past: ColumnElement[bool], now: datetime) -> int:
    removed = 0
    while _count(engine, table, past):
        with writing(engine) as connection:
            removed += _delete_some(connection, table, past, now)
    return removed


def _delete_some(
    connection: Connection, table: Table, past: ColumnElement[bool], now: datetime
) -> int:
    key = list(table.primary_key)
    some = select(*key).where(past).limit(AT_ONCE)
    rows = delete(table).where(tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some))
    removed = connection.execute(rows).rowcount
    if removed:
        act = Act(RETENTION, now, f"{removed} rows past their time")
        append(connection, act=act, verb="prune", object_id=f"table:{table.name}")
    return removed
