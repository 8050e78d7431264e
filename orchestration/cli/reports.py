"""`watchfloor reports`: what users reported, and what it weighs."""

from datetime import datetime

import click
import polars as pl
from sqlalchemy import select

from orchestration.cases.user_reports import take_reports
from orchestration.cli.cases_desk import busy, casework, limit_option
from orchestration.cli.cases_rows import MOMENT, shows
from orchestration.cli.output import emit, emit_record, format_option
from orchestration.cli.times import Since
from orchestration.ledger.cases import CASES
from orchestration.ledger.database import reading
from orchestration.ledger.machines import of_ids
from orchestration.ledger.tables import reports as table
from orchestration.oncall.people import require

LIST = {
    "report_id": pl.String(),
    "product": pl.String(),
    "target": pl.String(),
    "reason": pl.String(),
    "at": MOMENT,
    "weight": pl.Float64(),
    "same_as": pl.String(),
    "case_id": pl.String(),
    "valid": pl.Boolean(),
}


@click.group()
def reports() -> None:
    """List what users reported, and take in what is new."""


@reports.command("list")
@click.option("--product", help="Only of this product.")
@click.option("--case", "case_id", metavar="ID", help="Only of this case, by its whole id.")
@click.option("--since", type=Since(), default="7d", show_default=True, help="Made then or later.")
@limit_option
@format_option
def list_reports(
    *, product: str | None, case_id: str | None, since: datetime, limit: int, form: str
) -> None:
    """List reports, the newest first; never who made them. One that weighs little is still there.

    Reports of restricted cases are shown to who has their skills.
    """
    query = select(table).where(table.c.at >= since).order_by(table.c.at.desc(), table.c.report_id)
    for column, value in ((table.c.product, product), (table.c.case_id, case_id)):
        if value is not None:
            query = query.where(column == value)
    with casework() as here, reading(here.engine) as connection:
        require(here.who, "review")
        found = connection.execute(query).mappings().all()
        known = of_ids(connection, CASES, {row["case_id"] for row in found if row["case_id"]})
        rows = [
            tuple(row[name] for name in LIST)
            for row in found
            if row["case_id"] not in known or shows(here, known[row["case_id"]])
        ]
    emit(pl.DataFrame(rows[:limit], schema=LIST, orient="row"), form)
    if len(rows) > limit:
        click.echo(f"{len(rows) - limit} more; raise --limit to see them.", err=True)


@reports.command()
@click.option("--since", type=Since(), default="7d", show_default=True, help="Made then or later.")
@format_option
def take(since: datetime, form: str) -> None:
    """Take in what users reported since then, once each, as the sensor does.

    Reports are weighed together; those of one target that weigh enough open or join a case.
    """
    with casework() as here:
        require(here.who, "review")
        with busy("reading"):
            done = take_reports(
                here.engine, here.lake, here.names, here.terms, now=here.now, since=since
            )
    record = {
        "new": done.new,
        "reweighed": done.reweighed,
        "opened": done.opened,
        "joined": done.joined,
    }
    emit_record(record, form)
