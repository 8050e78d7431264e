"""`watchfloor enforcement`: see what is done to whom; approve, stop and undo it."""

from collections.abc import Iterable
from datetime import datetime

import click
import polars as pl
from sqlalchemy import ColumnElement, Connection, select

from orchestration.cli.cases_desk import Casework, casework, limit_option
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.enforcement_acts import approve, refuse, resume
from orchestration.cli.enforcement_notices import notices
from orchestration.cli.enforcement_preview import preview
from orchestration.cli.enforcement_reverse import reverse
from orchestration.cli.enforcement_rows import (
    BATCHES,
    LIST,
    batch_id_of,
    batch_row,
    enforcement_id_of,
    row_of,
    seen,
)
from orchestration.cli.enforcement_run import run
from orchestration.cli.enforcement_stops import protect, switch, unprotect
from orchestration.cli.output import emit, emit_record, emit_sections, format_option
from orchestration.cli.times import Since
from orchestration.enforcement.errors import EnforcementError
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import one
from orchestration.ledger.tables import audit, batches, enforcements, grants
from orchestration.ledger.tables import notices as notices_table

MOST = 10_000  # enforcements that are read
e = enforcements.c


@click.group()
def enforcement() -> None:
    """See what is done to whom; approve, stop and undo it."""


for command in (
    preview,
    approve,
    refuse,
    resume,
    reverse,
    switch,
    protect,
    unprotect,
    notices,
    run,
):
    enforcement.add_command(command)


@enforcement.command("list")
@click.option(
    "--state",
    "states",
    type=click.Choice([state.value for state in EnforcementState]),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@click.option("--product", help="Only of this product.")
@click.option("--monitor", metavar="ID", help="Only of this monitor: product/name.")
@click.option("--target", metavar="TYPE=ID", help="Only on this target, by id or pseudonym.")
@click.option("--batch", metavar="ID", help="Only of this batch.")
@click.option("--flagged", is_flag=True, help="Only those that a person should look at.")
@click.option("--since", type=Since(), help="Planned then or later: 24h, 7d or 2026-03-01.")
@click.option(
    "--batches", "as_batches", is_flag=True, help="List batches instead, and what each does."
)
@limit_option
@format_option
def list_enforcements(
    *,
    states: tuple[str, ...],
    product: str | None,
    monitor: str | None,
    target: str | None,
    batch: str | None,
    flagged: bool,
    since: datetime | None,
    as_batches: bool,
    limit: int,
    form: str,
) -> None:
    """List enforcements, or batches of them, the newest first. Targets go by pseudonym."""
    short = form == "table"
    with casework() as here, reading(here.engine) as connection:
        if as_batches:
            if any((states, product, monitor, target, batch, flagged)):
                raise click.UsageError("With --batches wanted --since and --limit only.")
            found = _batches(connection, since)
            rows = [batch_row(row, short=short) for row in found]
        else:
            equal = {"product": product, "monitor": monitor}
            conditions = [e[name] == value for name, value in equal.items() if value is not None]
            if states:
                conditions.append(e.state.in_(states))
            if batch is not None:
                conditions.append(e.batch_id == batch_id_of(connection, batch))
            if flagged:
                conditions.append(e.flag.is_not(None))
            if since is not None:
                conditions.append(e.planned_at >= since)
            if target is not None:
                conditions.append(_on(here, target))
            mine = seen(connection, here, _newest(connection, conditions))
            rows = [row_of(row, short=short) for row in mine]
    schema = BATCHES if as_batches else LIST
    emit(pl.DataFrame(rows[:limit], schema=schema, orient="row"), form)
    if len(rows) > limit:
        click.echo(f"{len(rows) - limit} more; raise --limit to see them.", err=True)


@enforcement.command()
@click.argument("enforcement_id", metavar="ID")
@format_option
def show(enforcement_id: str, form: str) -> None:
    """Show one enforcement: all of it, its life, who approved it, and what its user was told."""
    with casework() as here, reading(here.engine) as connection:
        full = enforcement_id_of(connection, enforcement_id)
        row = one(connection, ENFORCEMENTS, full)
        if not seen(connection, here, [row]):
            raise EnforcementError(
                "That enforcement came of a restricted case; wanted somebody with its skills, or "
                "who approves. Leave it to them."
            )
        parts = {
            "life": _life(connection, row),
            "verdicts": _verdicts(connection, row),
            "notices": _notices(connection, full),
        }
    record = _record(row)
    if form == "table":
        emit_record(record)
        click.echo()
        emit_sections(parts)
    else:
        emit_sections({"enforcement": pl.DataFrame([record], strict=False), **parts}, form)


def _newest(connection: Connection, conditions: Iterable[ColumnElement[bool]]) -> list[Enforcement]:
    """Those that fulfil every condition, the newest first: as many as anybody may want to read."""
    newest = select(enforcements).where(*conditions)
    newest = newest.order_by(e.planned_at.desc(), e.enforcement_id).limit(MOST)
    return [ENFORCEMENTS.read(row) for row in connection.execute(newest).mappings()]


def _on(here: Casework, text: str) -> ColumnElement[bool]:
    kind, equals, given = text.partition("=")
    if not equals or not given:
        raise click.UsageError("Wanted --target TYPE=ID, as in account_id=u17.")
    known = here.names.known(kind, [given]).get(given) or given
    return (e.target_type == kind) & e.target.in_({known, given})


def _batches(connection: Connection, since: datetime | None) -> list[dict[str, object]]:
    query = select(batches).order_by(batches.c.planned_at.desc(), batches.c.batch_id)
    if since is not None:
        query = query.where(batches.c.planned_at >= since)
    return [dict(row) for row in connection.execute(query).mappings()]


def _record(row: Enforcement) -> dict[str, object]:
    """Everything of one enforcement; its state is told by its name."""
    return {
        name: getattr(row, name).value if name == "state" else getattr(row, name)
        for name in Enforcement.__dataclass_fields__
    }


def _life(connection: Connection, row: Enforcement) -> pl.DataFrame:
    schema = {"at": MOMENT, "who": pl.String(), "what": pl.String(), "why": pl.String()}
    names = [f"enforcement:{row.enforcement_id}"]
    if row.reversal_id:
        names.append(f"reversal:{row.reversal_id}")
    mine = select(audit.c.at, audit.c.actor, audit.c.verb, audit.c.reason).where(
        audit.c.object.in_(names)
    )
    rows = connection.execute(mine.order_by(audit.c.seq)).all()
    return pl.DataFrame([tuple(one) for one in rows], schema=schema, orient="row")


def _verdicts(connection: Connection, row: Enforcement) -> pl.DataFrame:
    schema = {"at": MOMENT, "person": pl.String(), "verdict": pl.String(), "of": pl.String()}
    objects = [f"enforcement:{row.enforcement_id}", f"batch:{row.batch_id}"]
    mine = select(grants).where(grants.c.object.in_(objects)).order_by(grants.c.audit_seq)
    rows = [
        (one["at"], one["person"], one["verdict"], one["object"].split(":")[0])
        for one in connection.execute(mine).mappings()
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _notices(connection: Connection, enforcement_id: str) -> pl.DataFrame:
    schema = {"kind": pl.String(), "state": pl.String(), "queued_at": MOMENT, "sent_at": MOMENT}
    n = notices_table.c
    mine = select(notices_table).where(n.enforcement_id == enforcement_id).order_by(n.audit_seq)
    rows = [tuple(row[name] for name in schema) for row in connection.execute(mine).mappings()]
    return pl.DataFrame(rows, schema=schema, orient="row")
