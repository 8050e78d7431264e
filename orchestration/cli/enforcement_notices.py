"""`watchfloor enforcement notices`: what users are told, and statements of reasons for export."""

from datetime import datetime

import click
import polars as pl
from sqlalchemy import select

from orchestration.appeals.statements import export
from orchestration.cli.cases_desk import casework, limit_option
from orchestration.cli.cases_rows import MOMENT
from orchestration.cli.enforcement_rows import SHORT, seen
from orchestration.cli.output import emit, format_option
from orchestration.cli.times import Since
from orchestration.ledger.database import reading
from orchestration.ledger.enforcements import ENFORCEMENTS
from orchestration.ledger.machines import of_ids
from orchestration.ledger.tables import notices as table

NOTICES = {
    "notice_id": pl.String(),
    "kind": pl.String(),
    "state": pl.String(),
    "product": pl.String(),
    "target": pl.String(),
    "enforcement_id": pl.String(),
    "queued_at": MOMENT,
    "sent_at": MOMENT,
    "attempts": pl.Int64(),
    "error": pl.String(),
}
STATES = ("queued", "sent", "failed")


@click.command()
@click.option("--state", type=click.Choice(STATES), help="Only in this state.")
@click.option(
    "--since", type=Since(), default="30d", show_default=True, help="Queued then or later."
)
@click.option(
    "--statements",
    is_flag=True,
    help="Statements of reasons instead, one for each restriction, in the DSA's fields.",
)
@limit_option
@format_option
def notices(*, state: str | None, since: datetime, statements: bool, limit: int, form: str) -> None:
    """List what users are told, the newest first. In JSON with all fields, and statements whole.

    Statements are for your own export: Watchfloor submits none to anybody.
    """
    if statements and state:
        raise click.UsageError("--state does not go with --statements.")
    n = table.c
    with casework() as here, reading(here.engine) as connection:
        query = select(table).where(n.queued_at >= since)
        if state is not None:
            query = query.where(n.state == state)
        found = connection.execute(query.order_by(n.audit_seq.desc())).mappings().all()
        rows = of_ids(connection, ENFORCEMENTS, {row["enforcement_id"] for row in found})
        mine = {one.enforcement_id for one in seen(connection, here, rows.values())}
        if statements:
            made = export(connection, since)
            emit(made.filter(pl.col("enforcement_id").is_in(sorted(mine))), form)
            return
    chosen = [row for row in found if row["enforcement_id"] in mine]
    short = form == "table"
    schema = dict(NOTICES)
    shown = [
        tuple(row[name][:SHORT] if short and name.endswith("_id") else row[name] for name in schema)
        for row in chosen[:limit]
    ]
    frame = pl.DataFrame(shown, schema=schema, orient="row")
    if form == "json":
        fields = pl.Series("fields", [row["fields"] for row in chosen[:limit]], dtype=pl.Object)
        frame = frame.with_columns(fields)
    emit(frame, form)
    if len(chosen) > limit:
        click.echo(f"{len(chosen) - limit} more; raise --limit to see them.", err=True)
