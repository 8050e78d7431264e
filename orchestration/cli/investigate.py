"""`watchfloor investigate`: all that is known of one entity."""

from datetime import datetime
from pathlib import Path

import click
import polars as pl

from orchestration.cases.export import export
from orchestration.cases.investigate import Investigation
from orchestration.cases.investigate import investigate as look
from orchestration.cli.cases_desk import busy, casework
from orchestration.cli.cases_tables import FACTS, value_text
from orchestration.cli.output import emit_record, emit_sections, format_option
from orchestration.cli.times import Since


@click.command()
@click.argument("entity", metavar="ENTITY")
@click.option(
    "--kind", metavar="TYPE", help="Its type, as account_id; wanted only if several would fit."
)
@click.option(
    "--since",
    type=Since(),
    default="30d",
    show_default=True,
    help="From when on: 24h, 7d or 2026-03-01.",
)
@click.option(
    "--export",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write all of it to this folder, too, which must be new or empty.",
)
@click.option(
    "--entities", is_flag=True, help="Show the id itself, too; for those who may reveal content."
)
@format_option
def investigate(
    *,
    entity: str,
    kind: str | None,
    since: datetime,
    folder: Path | None,
    entities: bool,
    form: str,
) -> None:
    """Show all that is known of ENTITY, given by its id or its pseudonym.

    Where and when it was seen, what was found, decided and done, and who is linked with it. Never
    content. Each look, and each export, is in the audit.
    """
    with casework() as here, busy("looking"):
        made = look(
            here.engine,
            here.lake,
            here.names,
            entity,
            kind,
            who=here.who,
            desks=here.terms.desks,
            now=here.now,
            since=since,
            lists=here.lists,
            real=entities,
        )
        files = export(here.engine, made, folder, who=here.who, now=here.now) if folder else []
    _emit(made, form)
    if files:
        click.echo(f"{len(files)} files are in {folder}.", err=True)


def _emit(made: Investigation, form: str) -> None:
    record: dict[str, object] = {
        "entity_type": made.entity_type,
        "entity": made.entity,
        "since": made.since,
        "until": made.until,
        "first_seen": made.first,
        "last_seen": made.last,
        "links": made.related_in_all,
    }
    if made.real is not None:
        record["id"] = made.real
    facts = [
        (made.entity, fact.name, value_text(fact.value), fact.table, fact.as_of)
        for fact in made.facts
    ]
    parts = {
        "facts": pl.DataFrame(facts, schema=FACTS, orient="row"),
        "activity": made.activity,
        "related": made.related,
        "timeline": made.timeline,
    }
    if form == "table":
        emit_record(record)
        click.echo()
        emit_sections({name: rows for name, rows in parts.items() if not rows.is_empty()})
    else:
        emit_sections({"entity": pl.DataFrame([record], strict=False), **parts}, form)
