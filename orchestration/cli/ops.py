"""`watchfloor ops`: how the operation goes, in numbers."""

from datetime import datetime
from pathlib import Path

import click
import polars as pl

from monitors.registry import registry
from orchestration.cli.cases_desk import Casework, casework
from orchestration.cli.ops_files import write
from orchestration.cli.output import emit, emit_sections, format_option
from orchestration.cli.times import Since
from orchestration.ledger.database import reading
from orchestration.reporting.facts import Facts, gather
from orchestration.reporting.health import SECTIONS, House
from orchestration.reporting.health import health as sections
from orchestration.reporting.transparency import transparency as counts
from orchestration.reporting.weekly import weekly as written
from orchestration.reporting.window import Window, week_before, week_of

# A table has what people read; other formats have every column.
LEFT_OUT = ("_lower", "_upper", "_p90")
READ = {
    "sla": ("breach",),
    "work": ("touch", "wait"),
    "monitors": ("per_minute",),
    "pages": ("precision", "ack", "unacked_share"),
    "noise": ("noisy_share",),
    "appeals": ("overturn", "days"),
    "capacity": ("minutes",),
}


@click.group()
def ops() -> None:
    """See how the operation goes, in numbers."""


@ops.command()
@click.option("--from", "start", type=Since(), default="7d", show_default=True, help="From then.")
@click.option("--to", "end", type=Since(), help="Until then; now, if not given.")
@click.option("--section", type=click.Choice(SECTIONS), help="Only this table.")
@format_option
def health(*, start: datetime, end: datetime | None, section: str | None, form: str) -> None:
    """Show queues, promises, monitors' worth, noise, appeals and staffing of a time.

    No number comes without its n and interval; too little data reads "insufficient".
    """
    if form in {"csv", "parquet"} and section is None:
        raise click.UsageError(f"{form} holds one table; name it with --section.")
    with casework() as here:
        window = Window(start, min(end or here.now, here.now))
        found = sections(_facts(here, window, own=True), _house(here), here.who)
    if section is not None:
        emit(_read(section, found[section], form), form)
        return
    emit_sections({name: _read(name, rows, form) for name, rows in found.items()}, form)


@ops.command()
@click.option("--week", help="As in 2026-W10; the last that is over, if not given.")
@click.option("--output", type=click.Path(path_type=Path), help="Write it to this file.")
def weekly(*, week: str | None, output: Path | None) -> None:
    """Write the weekly report in Markdown: counts only, and nothing of restricted queues."""
    with casework() as here:
        name = week or week_before(here.now)
        window = week_of(name)
        cut = Window(window.start, min(window.end, here.now))
        facts = _facts(here, cut, own=False)
        text = written(name, facts.window, sections(facts, _house(here)), made_at=here.now)
    write(text, output)


@ops.command()
@click.option("--from", "start", type=Since(), required=True, help="Told to users from then on.")
@click.option("--to", "end", type=Since(), required=True, help="And before then.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write it to this .csv or .json file."
)
@format_option
def transparency(*, start: datetime, end: datetime, output: Path | None, form: str) -> None:
    """Count statements of reasons, appeals and reports in the fields of the DSA.

    Counts under five are left out. A CSV or Parquet file holds the statements. Legal submits it;
    Watchfloor sends it to nobody.
    """
    with casework() as here, reading(here.engine) as connection:
        found = counts(connection, Window(start, end))
    if output is not None:
        write(found, output)
    elif form in {"csv", "parquet"}:
        emit(found["statements"], form)
    else:
        emit_sections(found, form)


def _facts(here: Casework, window: Window, *, own: bool) -> Facts:
    """The facts of a window; `own`: with what the caller may see."""
    owners = {name: one.owner for name, one in registry().monitors.items()}
    who = here.who if own else None
    with reading(here.engine) as connection:
        return gather(connection, window, desks=here.terms.desks, owners=owners, who=who)


def _house(here: Casework) -> House:
    return House(here.terms.desks, here.roster, here.rules.rota)


def _read(name: str, rows: pl.DataFrame, form: str) -> pl.DataFrame:
    """The columns that a person reads: an interval is said in words."""
    if form != "table":
        return rows
    gone = READ.get(name, ())
    return rows.select(
        column for column in rows.columns if column not in gone and not column.endswith(LEFT_OUT)
    )
